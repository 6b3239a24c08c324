#include "server/scripting/function_registry.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace larder {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FunctionLibraryPointer Make(const std::string& name, const std::vector<std::string>& functions) {
  std::string error;
  auto library = ParseLibrary("#!lua name=" + name + "\n", &error);
  for (const std::string& function : functions) {
    library->functions.emplace_back(FunctionDeclaration{function, std::nullopt, {}});
  }
  return library;
}

std::vector<std::string> NamesOf(const FunctionRegistry& registry) {
  std::vector<std::string> names;
  for (const auto& library : registry.All()) names.push_back(library->name);
  return names;
}

TEST(FunctionRegistry, FunctionsAreFoundInAnyCase) {
  FunctionRegistry registry;
  const auto library = Make("lib", {"Get", "set"});
  EXPECT_EQ(registry.Add(library, false), "");
  const auto found = registry.Find("gET");
  EXPECT_EQ(found.library, library);
  ASSERT_NE(found.function, nullptr);
  EXPECT_EQ(found.function->declaration.name, "Get");
  EXPECT_EQ(registry.Find("del").function, nullptr);
  EXPECT_TRUE(registry.HasLibrary("lib"));
  EXPECT_FALSE(registry.HasLibrary("LIB")) << "the names of libraries are exact";
  EXPECT_EQ(registry.library_count(), 1u);
  EXPECT_EQ(registry.function_count(), 2u);
  EXPECT_GT(registry.bytes(), library->source.size());
}

TEST(FunctionRegistry, ALibraryIsReplacedOnlyWhenAsked) {
  FunctionRegistry registry;
  const auto first = Make("lib", {"f", "g"});
  registry.Add(first, false);
  const uint64_t epoch = registry.epoch();
  EXPECT_EQ(registry.Add(Make("lib", {"h"}), false), "ERR Library 'lib' already exists");
  EXPECT_EQ(registry.epoch(), epoch);
  EXPECT_FALSE(first->dropped);
  EXPECT_EQ(registry.Add(Make("lib", {"f", "h"}), true), "");
  EXPECT_NE(registry.epoch(), epoch);
  EXPECT_TRUE(first->dropped);
  EXPECT_EQ(registry.Find("g").function, nullptr);
  EXPECT_NE(registry.Find("h").function, nullptr);
  EXPECT_EQ(registry.function_count(), 2u);
}

TEST(FunctionRegistry, AnotherLibrarysFunctionIsInTheWay) {
  FunctionRegistry registry;
  registry.Add(Make("one", {"f"}), false);
  const auto two = Make("two", {"g"});
  registry.Add(two, false);
  EXPECT_EQ(registry.Add(Make("three", {"h", "F"}), false), "ERR Function F already exists");
  EXPECT_EQ(registry.Add(Make("two", {"f"}), true), "ERR Function f already exists");
  EXPECT_EQ(registry.Find("g").library, two) << "nothing has changed";
  EXPECT_EQ(registry.Find("h").function, nullptr);
  EXPECT_THAT(NamesOf(registry), ElementsAre("one", "two"));
}

TEST(FunctionRegistry, NamesOfOneLibraryMayDifferInCaseAlone) {
  FunctionRegistry registry;
  registry.Add(Make("lib", {"f", "F"}), false);
  EXPECT_EQ(registry.Find("F").function->declaration.name, "f") << "the first";
  EXPECT_EQ(registry.function_count(), 2u);
  EXPECT_TRUE(registry.Delete("lib"));
  EXPECT_EQ(registry.Find("f").function, nullptr);
  EXPECT_EQ(registry.function_count(), 0u);
}

TEST(FunctionRegistry, WhatIsDeletedIsGone) {
  FunctionRegistry registry;
  EXPECT_FALSE(registry.Delete("lib"));
  const auto library = Make("lib", {"f"});
  registry.Add(library, false);
  EXPECT_TRUE(registry.Delete("lib"));
  EXPECT_TRUE(library->dropped);
  EXPECT_EQ(registry.bytes(), 0u);
  registry.Add(Make("one", {"f"}), false);
  registry.Add(Make("two", {"g"}), false);
  registry.Flush();
  EXPECT_THAT(registry.All(), IsEmpty());
  EXPECT_EQ(registry.Find("f").function, nullptr);
  EXPECT_EQ(registry.bytes(), 0u);
}

TEST(FunctionRegistry, ManyAreAddedTogetherOrNotAtAll) {
  FunctionRegistry registry, restored;
  const auto old = Make("b", {"f"});
  registry.Add(old, false);
  restored.Add(Make("a", {"g"}), false);
  restored.Add(Make("b", {"h"}), false);
  EXPECT_EQ(registry.AddAll(restored, RestorePolicy::kAppend), "ERR Library b already exists");
  EXPECT_THAT(NamesOf(registry), ElementsAre("b"));
  EXPECT_EQ(registry.AddAll(restored, RestorePolicy::kReplace), "");
  EXPECT_THAT(NamesOf(registry), ElementsAre("a", "b"));
  EXPECT_TRUE(old->dropped);
  EXPECT_EQ(registry.Find("f").function, nullptr);

  FunctionRegistry clashing;
  clashing.Add(Make("c", {"g"}), false);
  EXPECT_EQ(registry.AddAll(clashing, RestorePolicy::kReplace), "ERR Function g already exists");
  EXPECT_THAT(NamesOf(registry), ElementsAre("a", "b"));
  EXPECT_EQ(registry.AddAll(clashing, RestorePolicy::kFlush), "");
  EXPECT_THAT(NamesOf(registry), ElementsAre("c"));
  EXPECT_EQ(registry.AddAll(FunctionRegistry(), RestorePolicy::kFlush), "");
  EXPECT_THAT(NamesOf(registry), IsEmpty());
}

}  // namespace
}  // namespace larder

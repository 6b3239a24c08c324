#include "server/scripting/function_library.h"

#include <gtest/gtest.h>

#include <string>

namespace larder {
namespace {

std::string ErrorOf(std::string_view source) {
  std::string error;
  return ParseLibrary(source, &error) == nullptr ? error : "(none)";
}

TEST(FunctionLibrary, TheFirstLineNamesIt) {
  for (const char* line : {"#!lua name=lib_1", "#!LUA NAME=lib_1", "#!lua  name='lib_1' \r"}) {
    std::string error;
    const auto library = ParseLibrary(std::string(line) + "\nreturn 1", &error);
    ASSERT_NE(library, nullptr) << line << ": " << error;
    EXPECT_EQ(library->name, "lib_1");
    EXPECT_EQ(library->code(), "\nreturn 1") << "its first line is the second";
  }
}

TEST(FunctionLibrary, AFirstLineThatMakesNoSenseIsRefused) {
  EXPECT_EQ(ErrorOf(""), "ERR Missing library metadata");
  EXPECT_EQ(ErrorOf("return 1"), "ERR Missing library metadata");
  EXPECT_EQ(ErrorOf("#!lua name=x"), "ERR Invalid library metadata");
  EXPECT_EQ(ErrorOf("#!lua 'x\n"), "ERR Invalid library metadata");
  EXPECT_EQ(ErrorOf(std::string_view("#!lua na\0me=x\n", 14)), "ERR Invalid library metadata");
  EXPECT_EQ(ErrorOf("#!lua\n"), "ERR Library name was not given");
  EXPECT_EQ(ErrorOf("#!\n"), "ERR Library name was not given");
  EXPECT_EQ(ErrorOf("#!lua x=y\n"), "ERR Invalid metadata value given: x=y");
  EXPECT_EQ(ErrorOf("#!lua name=a name=b\n"),
            "ERR Invalid metadata value, name argument was given multiple times");
  EXPECT_EQ(ErrorOf("#!js name=x\n"), "ERR Engine 'js' not found");
  EXPECT_EQ(ErrorOf("#! name=x\n"), "ERR Engine '' not found");
  EXPECT_EQ(ErrorOf("#!luajit name=x\n"), "ERR Engine 'luajit' not found");
  for (const char* name : {"", "a-b", "'a b'", "\xc3\xa9"}) {
    EXPECT_EQ(ErrorOf(std::string("#!lua name=") + name + "\n"),
              "ERR Library names can only contain letters, numbers, or underscores(_) and must be "
              "at least one character long");
  }
}

TEST(FunctionLibrary, NamesAreOfLettersDigitsAndUnderscores) {
  EXPECT_TRUE(IsFunctionName("aZ_09"));
  for (const std::string_view bad : {"", "a.b", "a b", "a:", "\xff", "a\n"}) {
    EXPECT_FALSE(IsFunctionName(bad)) << bad;
  }
  EXPECT_FALSE(IsFunctionName(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace larder

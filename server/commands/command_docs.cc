// COMMAND DOCS.
#include <string_view>
#include <vector>

#include "server/command_syntax.h"
#include "server/commands/command_info.h"

namespace larder {
namespace {

using protocol::ReplyWriter;

void WriteText(ReplyWriter& reply, std::string_view name, std::string_view text, int64_t* fields) {
  if (text.empty()) return;
  reply.Bulk(name);
  reply.Bulk(text);
  ++*fields;
}

void WriteArguments(ReplyWriter& reply, const std::vector<SyntaxArgument>& arguments);

void WriteArgument(ReplyWriter& reply, const SyntaxArgument& argument) {
  const bool has_children = !argument.children.empty();
  const int64_t flags = int{argument.optional} + int{argument.multiple};
  const auto map = reply.MapLater();
  int64_t fields = 0;
  WriteText(reply, "name", argument.name, &fields);
  WriteText(reply, "type", ArgumentTypeName(argument.type), &fields);
  if (!has_children) WriteText(reply, "display_text", argument.name, &fields);
  if (argument.key_spec >= 0) {
    reply.Bulk("key_spec_index");
    reply.Integer(argument.key_spec);
    ++fields;
  }
  WriteText(reply, "token", argument.token, &fields);
  if (flags > 0) {
    reply.Bulk("flags");
    reply.Set(flags);
    if (argument.optional) reply.Simple("optional");
    if (argument.multiple) reply.Simple("multiple");
    ++fields;
  }
  if (has_children) {
    reply.Bulk("arguments");
    WriteArguments(reply, argument.children);
    ++fields;
  }
  reply.Finish(map, fields);
}

void WriteArguments(ReplyWriter& reply, const std::vector<SyntaxArgument>& arguments) {
  reply.Array(static_cast<int64_t>(arguments.size()));
  for (const SyntaxArgument& argument : arguments) WriteArgument(reply, argument);
}

}  // namespace

void WriteCommandDocs(const CommandTable& table, const CommandInfo& info, ReplyWriter& reply) {
  const CommandSpec& spec = *info.spec;
  const auto map = reply.MapLater();
  int64_t fields = 0;
  WriteText(reply, "summary", spec.summary, &fields);
  WriteText(reply, "since", spec.since, &fields);
  WriteText(reply, "group", GroupName(spec.group), &fields);
  WriteText(reply, "complexity", spec.complexity, &fields);
  if (!spec.deprecated_since.empty()) {
    reply.Bulk("doc_flags");
    reply.Set(1);
    reply.Simple("deprecated");
    ++fields;
    WriteText(reply, "deprecated_since", spec.deprecated_since, &fields);
    WriteText(reply, "replaced_by", spec.replaced_by, &fields);
  }
  const auto arguments = ArgumentsOf(spec, info.container == nullptr ? 1 : 2);
  if (!arguments.empty()) {
    reply.Bulk("arguments");
    WriteArguments(reply, arguments);
    ++fields;
  }
  if (!spec.subcommands.empty()) {
    reply.Bulk("subcommands");
    reply.Map(static_cast<int64_t>(spec.subcommands.size()));
    for (const CommandSpec& subcommand : spec.subcommands) {
      const CommandInfo& sub = table.InfoOf(subcommand);
      reply.Bulk(sub.full_name);
      WriteCommandDocs(table, sub, reply);
    }
    ++fields;
  }
  reply.Finish(map, fields);
}

}  // namespace larder

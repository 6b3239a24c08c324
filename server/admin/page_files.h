// The page: the files of server/admin/page/, put into the program when it is built.
#pragma once

#include <span>
#include <string_view>

namespace larder::admin {

struct PageFile {
  std::string_view name;  // "index.html"
  std::string_view type;  // "text/html; charset=utf-8"
  std::string_view text;
};

std::span<const PageFile> PageFiles();

}  // namespace larder::admin

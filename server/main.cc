// larder: reads the command line and the configuration, then serves until told to stop.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "server/command_line.h"
#include "server/config/config_file.h"
#include "server/config/option_store.h"
#include "server/logging.h"
#include "server/server.h"

namespace larder {
namespace {

LogSettings LogSettingsOf(const OptionStore& options) {
  const LiveOptions& live = options.live();
  return {.level = static_cast<LogLevel>(live.loglevel.Get()),
          .format = static_cast<LogFormat>(live.log_format.Get()),
          .file = options.Text("logfile"),
          .rotate_bytes = live.log_rotate_bytes,
          .rotate_files = live.log_rotate_files};
}

// A file with this process's number, for as long as the object lives; none for an empty path.
class PidFile {
 public:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  ~PidFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  Outcome Write() const {
    return path_.empty() ? Outcome::Ok() : ReplaceFile(path_, std::to_string(getpid()) + "\n");
  }

 private:
  const std::string path_;
};

int Main(int argc, char** argv) {
  OptionStore options;
  const CommandLine line = ParseCommandLine(argc, argv, options);
  if (!line.run) {
    std::fputs(line.output.c_str(), line.exit_code == 0 ? stdout : stderr);
    return line.exit_code;
  }
  Logger log;
  if (const Outcome opened = log.Open(LogSettingsOf(options)); !opened.ok()) {
    std::fprintf(stderr, "larder: %s\n", opened.error().c_str());
    return 1;
  }
  options.OnChange("loglevel", [&](const std::string&) {
    log.SetLevel(static_cast<LogLevel>(options.live().loglevel.Get()));
    return Outcome::Ok();
  });
  options.OnChange("dir", EnterFolder);
  options.SetWarningSink([&log](const std::string& text) { log.Warning(text); });
  // Without this variable sd_notify has nobody to tell.
  if (options.live().supervised == static_cast<int64_t>(SupervisedMode::kNo)) {
    unsetenv("NOTIFY_SOCKET");
  }
  const PidFile pid_file(options.Text("pidfile"));
  if (const Outcome written = pid_file.Write(); !written.ok()) log.Warning(written.error());
  return Server(options, log).Run();
}

}  // namespace
}  // namespace larder

int main(int argc, char** argv) {
  try {
    return larder::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "larder: %s\n", error.what());
    return 1;
  }
}

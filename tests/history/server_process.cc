#include "tests/history/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace larder::history {

ServerProcess::ServerProcess(const std::string& binary, const std::vector<std::string>& options) {
  std::string folder = (std::filesystem::temp_directory_path() / "larder-history-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) abort();
  folder_ = folder;
  socket_ = folder_ + "/socket";
  log_ = folder_ + "/log";
  std::vector<std::string> args = {binary, "--port", "0", "--unixsocket", socket_};
  const std::string name = std::filesystem::path(binary).filename();
  if (name.find("redis") != std::string::npos) args.insert(args.end(), {"--save", ""});
  args.insert(args.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // it must not outlive a test runner that is killed
  const int log = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  if (chdir(folder_.c_str()) != 0) _exit(126);
  execvp(argv[0], argv.data());
  _exit(127);
}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) Stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool ServerProcess::Alive() {
  if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

int ServerProcess::Stop() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string ServerProcess::LogTail() const {
  std::ifstream file(log_);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  constexpr size_t kTailBytes = 3000;
  return text.size() > kTailBytes ? text.substr(text.size() - kTailBytes) : text;
}

}  // namespace larder::history

#include "tests/support/command_fixture.h"

#include <sys/uio.h>

#include <algorithm>
#include <utility>

#include "protocol/request_parser.h"
#include "server/migrations.h"
#include "server/waiting.h"

namespace larder {
namespace {

std::string Encode(const std::vector<std::string>& args) {
  std::string request = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& arg : args) {
    request += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
  }
  return request;
}

}  // namespace

std::string TestClient::TakeOutput() {
  std::string bytes;
  while (!output.empty()) {
    iovec parts[64];
    const int count = output.Gather(parts, 64);
    size_t gathered = 0;
    for (int i = 0; i < count; ++i) {
      bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
      gathered += parts[i].iov_len;
    }
    output.Consume(gathered);
  }
  return bytes;
}

std::string TestClient::RunRaw(const std::vector<std::string>& args) {
  const std::string wire = Encode(args);
  protocol::RequestParser parser;
  parser.Feed(wire);
  protocol::Request request;
  if (parser.Next(&request) != protocol::ParseResult::kRequest) return "-unparsed\r\n";
  PreparedCommand command;
  dispatcher_.UpdateTime();
  dispatcher_.Prepare(request.args, database, &command);
  const Disposition disposition = dispatcher_.Execute(*this, command);
  parked_ = disposition == Disposition::kParked;
  while (disposition == Disposition::kSettling && !dispatcher_.Settle()) {
  }
  return TakeOutput();
}

protocol::Reply TestClient::RunArgs(const std::vector<std::string>& args) {
  const std::string bytes = RunRaw(args);
  std::string_view rest = bytes;
  protocol::Reply reply;
  bool malformed = false;
  reply.text = "(no reply)";
  if (!rest.empty() && !protocol::ReadReply(&rest, &reply, &malformed)) {
    reply.text = "(malformed reply) " + bytes;
  }
  return reply;
}

protocol::Reply TestClient::RunArgs(std::initializer_list<std::string_view> args) {
  return RunArgs(std::vector<std::string>(args.begin(), args.end()));
}

protocol::Reply TestClient::Run(std::string_view line) { return RunArgs(SplitLine(line)); }

protocol::Reply TestClient::TakeReply() {
  std::vector<protocol::Reply> replies = TakePushes();
  if (replies.size() == 1) return std::move(replies.front());
  protocol::Reply none;
  none.text = replies.empty() ? "(no reply)" : "(several replies)";
  return none;
}

std::vector<protocol::Reply> TestClient::TakePushes() {
  const std::string bytes = TakeOutput();
  std::string_view rest = bytes;
  std::vector<protocol::Reply> pushes;
  protocol::Reply reply;
  bool malformed = false;
  while (!rest.empty() && protocol::ReadReply(&rest, &reply, &malformed)) {
    pushes.push_back(std::exchange(reply, {}));
  }
  return pushes;
}

CommandFixture::CommandFixture()
    : engine(clock, options, log, 1),
      dispatcher(engine, 0),
      mailbox_(std::make_unique<Mailbox>([] {})) {
  dispatcher.deliver_messages = [this] { Settle(); };
  NewClient();
}

CommandFixture::~CommandFixture() {
  engine.migrations->Stop();  // before the mailbox goes
  for (const auto& one : clients_) engine.clients.Remove(one->id());
}

TestClient& CommandFixture::NewClient() {
  auto record = std::make_shared<ClientRecord>();
  record->id = engine.clients.NextId();
  record->address = "127.0.0.1:" + std::to_string(50000 + record->id);
  record->local_address = "127.0.0.1:6379";
  record->mailbox = mailbox_.get();
  record->connected_at_us = clock.SteadyMicros();
  engine.clients.Add(record);
  clients_.push_back(std::make_unique<TestClient>(engine, dispatcher, *mailbox_, record));
  return *clients_.back();
}

void CommandFixture::Settle() {
  const auto find = [this](uint64_t id) -> Session* {
    const auto found = std::find_if(clients_.begin(), clients_.end(),
                                    [id](const auto& one) { return one->id() == id; });
    return found == clients_.end() ? nullptr : found->get();
  };
  dispatcher.UpdateTime();
  for (const auto& client : clients_) {
    EndIfOverdue(engine, *client, clock.SteadyMicros());
    dispatcher.LookAgain(*client, clock.SteadyMicros());
  }
  while (mailbox_->Drain(find)) {
  }
  SweepLeftOver(engine);
}

std::vector<std::string> SplitLine(std::string_view line) {
  protocol::RequestParser parser;
  const std::string text = std::string(line) + "\r\n";
  parser.Feed(text);
  protocol::Request request;
  if (parser.Next(&request) != protocol::ParseResult::kRequest) return {"(unbalanced)"};
  return {request.args.begin(), request.args.end()};
}

}  // namespace larder

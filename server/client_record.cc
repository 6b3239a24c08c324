#include "server/client_record.h"

#include <algorithm>

#include <fmt/format.h>
#include "server/command_table.h"

namespace larder {

void ClientRegistry::Add(std::shared_ptr<ClientRecord> record) {
  std::lock_guard lock(mutex_);
  const uint64_t id = record->id;
  records_.emplace(id, std::move(record));
}

void ClientRegistry::Remove(uint64_t id) {
  std::lock_guard lock(mutex_);
  records_.erase(id);
}

std::shared_ptr<ClientRecord> ClientRegistry::Find(uint64_t id) const {
  std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<ClientRecord>> ClientRegistry::All() const {
  std::vector<std::shared_ptr<ClientRecord>> all;
  {
    std::lock_guard lock(mutex_);
    all.reserve(records_.size());
    for (const auto& [id, record] : records_) all.push_back(record);
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return all;
}

size_t ClientRegistry::size() const {
  std::lock_guard lock(mutex_);
  return records_.size();
}

void ClientRegistry::Kill(const std::shared_ptr<ClientRecord>& record) {
  record->killed.store(true, std::memory_order_release);
  record->mailbox->Post([record] {
    if (record->close) record->close();
  });
}

namespace {

std::string FlagLetters(const ClientRecord& record) {
  std::string letters;
  const auto add = [&](uint32_t flag, char letter) {
    if (record.Has(flag)) letters += letter;
  };
  add(ClientFlag::kMonitor, 'O');
  add(ClientFlag::kPubSub, 'P');
  add(ClientFlag::kTransaction, 'x');
  add(ClientFlag::kBlocked, 'b');
  add(ClientFlag::kTracking, 't');
  add(ClientFlag::kTrackingBroken, 'R');
  add(ClientFlag::kTrackingBroadcast, 'B');
  add(ClientFlag::kWatchDirty, 'd');
  add(ClientFlag::kCloseAfterReply, 'c');
  add(ClientFlag::kUnixSocket, 'U');
  add(ClientFlag::kNoEvict, 'e');
  add(ClientFlag::kNoTouch, 'T');
  if (record.killed.load(std::memory_order_relaxed)) letters += 'A';
  return letters.empty() ? "N" : letters;
}

}  // namespace

std::string ClientLine(ClientRecord& record, int64_t now_us) {
  std::lock_guard lock(record.mutex);
  const CommandInfo* command = record.last_command.load(std::memory_order_relaxed);
  const auto seconds_since = [now_us](int64_t then_us) {
    return std::max<int64_t>(0, (now_us - then_us) / 1'000'000);
  };
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} "
      "multi={} watch={} qbuf={} qbuf-free={} argv-mem=0 multi-mem={} rbs={} rbp={} obl=0 oll=0 "
      "omem={} "
      "tot-mem={} events=r cmd={} user={} redir={} resp={} lib-name={} lib-ver={} io-thread={} "
      "tot-net-in={} tot-net-out={} tot-cmds={}",
      record.id, record.address, record.local_address, record.descriptor, record.name,
      seconds_since(record.connected_at_us), seconds_since(record.last_active_us),
      FlagLetters(record), record.database.load(), record.subscriptions.load(),
      record.pattern_subscriptions.load(), record.shard_subscriptions.load(),
      record.queued_commands.load(), record.watched_keys.load(), record.query_bytes.load(),
      record.query_free_bytes.load(), record.queue_bytes.load(), record.reply_buffer_bytes.load(),
      record.reply_buffer_peak_bytes.load(), record.output_bytes.load(), record.memory_bytes.load(),
      command == nullptr ? "NULL" : command->full_name, record.user,
      record.tracking_redirect.load(), record.protocol.load(), record.library_name,
      record.library_version, record.worker, record.input_total.load(), record.output_total.load(),
      record.commands.load());
}

}  // namespace larder

#include "server/mailbox.h"

#include "server/session.h"

namespace larder {

void Mailbox::Push(uint64_t session_id, std::shared_ptr<const PushMessage> message) {
  Add({session_id, std::move(message), nullptr});
}

void Mailbox::Post(std::function<void()> task) { Add({0, nullptr, std::move(task)}); }

void Mailbox::Add(Item item) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = items_.empty();
    items_.push_back(std::move(item));
    pending_.store(true, std::memory_order_release);
  }
  if (first) wake_();
}

bool Mailbox::Drain(const std::function<Session*(uint64_t)>& find) {
  std::vector<Item> items;
  {
    std::lock_guard lock(mutex_);
    items.swap(items_);
    pending_.store(false, std::memory_order_relaxed);
  }
  for (Item& item : items) {
    if (item.message == nullptr) {
      item.task();
    } else if (Session* session = find(item.session_id)) {
      session->Deliver(*item.message);
    }
  }
  return !items.empty();
}

}  // namespace larder

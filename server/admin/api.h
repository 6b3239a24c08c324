// What /api/v1/ answers: JSON for the page and for scripts.
//
// Whatever shows keys, clients, commands or settings is asked of the server by the very command
// that shows them to other clients, as the user who is logged in; where that command is refused, so
// is the request. Thread-safe.
#pragma once

#include "server/admin/command_session.h"
#include "server/admin/history.h"
#include "server/admin/http.h"
#include "server/admin/login.h"

namespace larder::admin {

class Api {
 public:
  Api(const Engine& engine, const History& history, const TickClock& ticks, const CommandPort& port)
      : engine_(engine), history_(history), ticks_(ticks), port_(port) {}

  HttpResponse Stats(const HttpRequest& request);       // as INFO
  HttpResponse HistoryOf(const HttpRequest& request);   // as INFO
  HttpResponse Namespaces(const HttpRequest& request);  // as CACHE.NS STATS
  HttpResponse Hot(
      const HttpRequest& request);  // as HOTKEYS GET, CACHE.HOT, RANDOMKEY, MEMORY USAGE
  HttpResponse StartHot(const HttpRequest& request);  // as HOTKEYS START
  HttpResponse Slowlog(const HttpRequest& request);   // as SLOWLOG GET
  HttpResponse Clients(const HttpRequest& request);   // as CLIENT LIST
  HttpResponse Config(const HttpRequest& request);    // as CONFIG GET
  HttpResponse Purge(const HttpRequest& request);     // purge.h

 private:
  // Runs `command` as the request's user and has `answer(session, reply)` make a response of it.
  template <class Answer>
  HttpResponse As(const HttpRequest& request, const CommandSession::Command& command,
                  Answer answer);
  std::unique_ptr<CommandSession> Enter(const HttpRequest& request, HttpResponse* answer);

  const Engine& engine_;
  const History& history_;
  const TickClock& ticks_;
  const CommandPort& port_;
  WrongLogins wrong_logins_;
};

}  // namespace larder::admin

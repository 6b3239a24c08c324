// Requests of the families, as operations and as what goes over the wire.
#pragma once

#include <random>
#include <string>

#include "protocol/reply_reader.h"
#include "tests/history/connection.h"
#include "tests/history/operation.h"

namespace larder::history {

struct Request {
  Operation operation;
  Args args;
  size_t keys = 1;  // from args[1] on
  bool blocking = false;
};

// A request of the family's on a key. `value` is unique.
Request DrawRequest(Family family, uint32_t key, int64_t value, std::mt19937_64& random);

// What the reply says of the operation. False if it is no reply to it.
bool Understand(const protocol::Reply& reply, Operation* operation);

// The same request by way of a script that declares its keys, or not.
Args InScript(const Request& request, bool declared);

std::string KeyName(Family family, uint32_t key);

int64_t NumberOf(
    const protocol::Reply& reply);  // of a bulk string or an integer; kNothing for null

}  // namespace larder::history

// Every error text that a client can see, in one place: clients match on them.
//
// Constants are whole replies without the dash; functions fill in names.
#pragma once

#include <string>
#include <string_view>

namespace larder::errors {

inline constexpr std::string_view kSyntax = "ERR syntax error";
inline constexpr std::string_view kNotInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kNotFloat = "ERR value is not a valid float";
inline constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";
inline constexpr std::string_view kOutOfRange = "ERR value is out of range";
inline constexpr std::string_view kCountOutOfRange =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
inline constexpr std::string_view kIntOutOfRange =
    "ERR value is out of range, value must between -2147483648 and 2147483647";
inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view kNoSuchKey = "ERR no such key";
inline constexpr std::string_view kOverflow = "ERR increment or decrement would overflow";
inline constexpr std::string_view kDecrementOverflow = "ERR decrement would overflow";
inline constexpr std::string_view kFloatOverflow = "ERR increment would produce NaN or Infinity";
inline constexpr std::string_view kStringTooLong =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr std::string_view kOffsetOutOfRange = "ERR offset is out of range";
inline constexpr std::string_view kBadDigest = "ERR must be exactly 16 hexadecimal characters";
inline constexpr std::string_view kBadCondition =
    "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE";
inline constexpr std::string_view kConditionNeedsString =
    "ERR Key should be of string type if conditions are specified";
inline constexpr std::string_view kLcsNeedsStrings =
    "ERR The specified keys must contain string values";
inline constexpr std::string_view kLcsBothForms =
    "ERR If you want both the length and indexes, please just use IDX.";
inline constexpr std::string_view kLcsTooLarge =
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
inline constexpr std::string_view kDbOutOfRange = "ERR DB index is out of range";
inline constexpr std::string_view kSameObject = "ERR source and destination objects are the same";
inline constexpr std::string_view kBusyKey = "BUSYKEY Target key name already exists.";
inline constexpr std::string_view kBadRestoreTtl = "ERR Invalid TTL value, must be >= 0";
inline constexpr std::string_view kBadIdleTime = "ERR Invalid IDLETIME value, must be >= 0";
inline constexpr std::string_view kBadFrequency = "ERR Invalid FREQ value, must be >= 0 and <= 255";
inline constexpr std::string_view kBadDumpFooter = "ERR DUMP payload version or checksum are wrong";
inline constexpr std::string_view kBadDump = "ERR Bad data format";
inline constexpr std::string_view kNotConnected = "IOERR error or timeout connecting to the client";
inline constexpr std::string_view kNotWritten = "IOERR error or timeout writing to target instance";
inline constexpr std::string_view kNotRead = "IOERR error or timeout reading to target instance";
inline constexpr std::string_view kMigrateKeyAndKeys =
    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string";
// Larder's own: Redis stands still meanwhile.
inline constexpr std::string_view kChangedMeanwhile =
    "ERR MIGRATE sent a value that was changed meanwhile: its key is kept here too";
inline constexpr std::string_view kMigrateWaits =
    "ERR MIGRATE waits for another server: it is not allowed inside a transaction or a script";
inline constexpr std::string_view kBadTagCount = "ERR the number of tags must be between 1 and 64";
inline constexpr std::string_view kMissingTags =
    "ERR Number of tags can't be greater than number of args";
inline constexpr std::string_view kTooManyTags = "ERR an entry may have 64 tags at the most";
inline constexpr std::string_view kTagTooLong = "ERR a tag may have 1024 bytes at the most";
inline constexpr std::string_view kPatternTooLong = "ERR a pattern may have 1024 bytes at the most";
inline constexpr std::string_view kBadNamespaceName =
    "ERR a namespace's name has 1 to 64 letters, digits and .:_-";
inline constexpr std::string_view kNamespacePrefixTooLong =
    "ERR a prefix may have 256 bytes at the most";
inline constexpr std::string_view kNamespacePrefixTaken = "ERR another namespace has this prefix";
inline constexpr std::string_view kNamespaceTwice = "ERR it is defined twice";
inline constexpr std::string_view kTooManyNamespaces =
    "ERR there may be 4096 namespaces at the most";
inline constexpr std::string_view kNoSuchNamespace = "ERR No such namespace";
inline constexpr std::string_view kBadNamespaceMemory =
    "ERR MAXMEMORY must be a number of bytes above 0, as 1000000 or 64mb";
inline constexpr std::string_view kBadNamespaceTtl =
    "ERR DEFAULTTTL and MAXTTL must be between 1 and 3153600000 seconds";
inline constexpr std::string_view kBadNamespaceJitter =
    "ERR JITTER must be between 1 and 90 percent";
inline constexpr std::string_view kBadHotCount = "ERR COUNT must be between 1 and 64";
inline constexpr std::string_view kTagTrackingNeedsResp3 =
    "ERR CACHE.TRACKTAG needs a connection in RESP3: send HELLO 3 first";
inline constexpr std::string_view kTooManyListenedTags =
    "ERR a client may track 1024 tags at the most";
inline constexpr std::string_view kFieldsetsTooLarge =
    "ERR the fieldsets of a client may have 16777216 bytes at the most";
inline constexpr std::string_view kNotSortable =
    "ERR One or more scores can't be converted into double";
// The cache's own commands and options.
inline constexpr std::string_view kBadSoftSeconds = "ERR SOFT must be between 1 and 4294967295 s";
inline constexpr std::string_view kBadToken = "ERR token is not a positive integer";
inline constexpr std::string_view kBadLeaseTime = "ERR LEASE must be between 1 and 60000 ms";
inline constexpr std::string_view kBadLeaseWait = "ERR WAIT must be between 1 and 10000 ms";
inline constexpr std::string_view kBadEarly = "ERR EARLY must be greater than 0";
inline constexpr std::string_view kEarlyNeedsLease = "ERR EARLY needs LEASE";
inline constexpr std::string_view kGetWithLease = "ERR GET and LEASE are not compatible";
inline constexpr std::string_view kBadStaleSeconds = "ERR SWR must be between 1 and 4294967295 s";
inline constexpr std::string_view kBadErrorSeconds = "ERR SIE must be between 1 and 4294967295 s";
inline constexpr std::string_view kBadNegativeCode = "ERR NEG must be between 1 and 65535";
inline constexpr std::string_view kBadCost = "ERR COST must be between 1 and 4294967295 ms";
inline constexpr std::string_view kInvalidCursor = "ERR invalid cursor";
inline constexpr std::string_view kOutOfMemory =
    "OOM command not allowed when used memory > 'maxmemory'.";

inline constexpr std::string_view kNoAuth = "NOAUTH Authentication required.";
inline constexpr std::string_view kWrongPass =
    "WRONGPASS invalid username-password pair or user is disabled.";
inline constexpr std::string_view kNoPasswordSet =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure "
    "your configuration is correct?";
// Without a code: after "NOPERM ", or in a script's error.
inline constexpr std::string_view kAclDeniesKey = "No permissions to access a key";
inline constexpr std::string_view kSortByDenied =
    "ERR BY option of SORT denied due to insufficient ACL permissions";
inline constexpr std::string_view kSortGetDenied =
    "ERR GET option of SORT denied due to insufficient ACL permissions";
inline constexpr std::string_view kAclDeniesChannel = "No permissions to access a channel";
inline constexpr std::string_view kUserNameWithBlank =
    "ERR Usernames can't contain spaces or null characters";
inline constexpr std::string_view kDefaultUserStays = "ERR The 'default' user cannot be removed";
inline constexpr std::string_view kBadPasswordBits =
    "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
    "number up to 4096";
inline constexpr std::string_view kNoAclFile =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
    "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";
inline constexpr std::string_view kAclFileNotSaved =
    "ERR There was an error trying to save the ACLs. Please check the server logs for more "
    "information";
inline constexpr std::string_view kNoRandomness = "ERR no source of randomness";
inline constexpr std::string_view kNoProto = "NOPROTO unsupported protocol version";
inline constexpr std::string_view kProtoNotInteger =
    "ERR Protocol version is not an integer or out of range";
inline constexpr std::string_view kHelloNoAuth =
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> AUTH <user> "
    "<pass> option can be used to authenticate the client and select the RESP protocol version at "
    "the same time";
inline constexpr std::string_view kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";
inline constexpr std::string_view kUnblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
inline constexpr std::string_view kNoSuchClient = "ERR No such client";
inline constexpr std::string_view kTrackingTwoRedirects =
    "ERR A client can only redirect to a single other client";
inline constexpr std::string_view kTrackingRedirectMissing =
    "ERR The client ID you want redirect to does not exist";
inline constexpr std::string_view kTrackingPrefixMode =
    "ERR PREFIX option requires BCAST mode to be enabled";
inline constexpr std::string_view kTrackingBroadcastSwitch =
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
inline constexpr std::string_view kTrackingBroadcastOptions =
    "ERR OPTIN and OPTOUT are not compatible with BCAST";
inline constexpr std::string_view kTrackingBothOptions =
    "ERR You can't specify both OPTIN mode and OPTOUT mode";
inline constexpr std::string_view kTrackingOptionSwitch =
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
    "re-enabling it with a different mode.";
inline constexpr std::string_view kTrackingTooManyPrefixes =
    "ERR too many or too long prefixes for one client";
inline constexpr std::string_view kCachingWithoutTracking =
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
    "OPTOUT mode enabled";
inline constexpr std::string_view kCachingYesWithoutOptIn =
    "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
inline constexpr std::string_view kCachingNoWithoutOptOut =
    "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";

inline constexpr std::string_view kNestedMulti = "ERR MULTI calls can not be nested";
inline constexpr std::string_view kExecWithoutMulti = "ERR EXEC without MULTI";
inline constexpr std::string_view kDiscardWithoutMulti = "ERR DISCARD without MULTI";
inline constexpr std::string_view kWatchInsideMulti = "ERR WATCH inside MULTI is not allowed";
inline constexpr std::string_view kExecAbort =
    "EXECABORT Transaction discarded because of previous errors.";
inline constexpr std::string_view kNotAllowedInMulti =
    "ERR Command not allowed inside a transaction";

inline constexpr std::string_view kNoScript = "NOSCRIPT No matching script. Please use EVAL.";
inline constexpr std::string_view kNotAllowedFromScript =
    "ERR This Redis command is not allowed from script";
inline constexpr std::string_view kUnknownCommandFromScript =
    "ERR Unknown Redis command called from script";
inline constexpr std::string_view kWrongArityFromScript =
    "ERR Wrong number of args calling Redis command from script";
inline constexpr std::string_view kWriteFromReadOnlyScript =
    "ERR Write commands are not allowed from read-only scripts.";
inline constexpr std::string_view kTooManyScriptKeys =
    "ERR Number of keys can't be greater than number of args";
inline constexpr std::string_view kNegativeScriptKeys = "ERR Number of keys can't be negative";
inline constexpr std::string_view kScriptWithWriteFlag =
    "ERR Can not execute a script with write flag using *_ro command.";
inline constexpr std::string_view kScriptOutOfMemory =
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'";
inline constexpr std::string_view kNoMemoryForLua = "ERR not enough memory for Lua";
inline constexpr std::string_view kScriptFlushOption =
    "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
inline constexpr std::string_view kScriptDebugUnsupported = "ERR SCRIPT DEBUG is not supported";
inline constexpr std::string_view kBusyScript =
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
inline constexpr std::string_view kBusyFunction =
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
inline constexpr std::string_view kNotBusy = "NOTBUSY No scripts in execution right now.";
inline constexpr std::string_view kUnkillable =
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
    "either "
    "wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE "
    "command.";
inline constexpr std::string_view kScriptKilled =
    "ERR Error running script: Script killed by user with SCRIPT KILL.";

inline constexpr std::string_view kFunctionNotFound = "ERR Function not found";
inline constexpr std::string_view kBadFunctionKeyCount = "ERR Bad number of keys provided";
inline constexpr std::string_view kLibraryNotFound = "ERR Library not found";
inline constexpr std::string_view kMissingLibraryMetadata = "ERR Missing library metadata";
inline constexpr std::string_view kInvalidLibraryMetadata = "ERR Invalid library metadata";
inline constexpr std::string_view kLibraryNamedTwice =
    "ERR Invalid metadata value, name argument was given multiple times";
inline constexpr std::string_view kLibraryWithoutName = "ERR Library name was not given";
inline constexpr std::string_view kBadFunctionName =
    "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least "
    "one character long";
inline constexpr std::string_view kNoFunctions = "ERR No functions registered";
inline constexpr std::string_view kFunctionLoadTimeout = "ERR FUNCTION LOAD timeout";
inline constexpr std::string_view kNoCallWhileLoading =
    "ERR This Redis command is not allowed while a library is loaded";
inline constexpr std::string_view kLibraryNameMissing = "ERR library name argument was not given";
inline constexpr std::string_view kFunctionFlushOption =
    "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
inline constexpr std::string_view kBadRestorePolicy =
    "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.";
inline constexpr std::string_view kNotAFunction = "ERR given type is not a function";
inline constexpr std::string_view kBadLibraryPayload = "ERR Failed loading library payload";

inline constexpr std::string_view kMaxClients = "ERR max number of clients reached";
inline constexpr std::string_view kDenied =
    "DENIED Redis is running in protected mode because protected mode is enabled and no password "
    "is "
    "set for the default user. In this mode connections are only accepted from the loopback "
    "interface. "
    "If you want to connect from external computers to Redis you may adopt one of the following "
    "solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' "
    "from "
    "the loopback interface by connecting to Redis from the same host the server is running, "
    "however "
    "MAKE SURE Redis is not publicly accessible from internet if you do so. Use CONFIG REWRITE to "
    "make "
    "this change permanent. 2) Alternatively you can just disable the protected mode by editing "
    "the "
    "Redis configuration file, and setting the protected mode option to 'no', and then restarting "
    "the "
    "server. 3) If you started the server manually just for testing, restart it with the "
    "'--protected-mode no' option. 4) Set up an authentication password for the default user. "
    "NOTE: "
    "You only need to do one of the above things in order for the server to start accepting "
    "connections from the outside.";
inline constexpr std::string_view kDebugNotAllowed =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can "
    "run it from a local connection, otherwise you need to set this option in the configuration "
    "file, "
    "and then restart the server.";

// What Redis quotes of a client's bytes: its C strings end at a zero byte.
constexpr std::string_view UpToZero(std::string_view bytes) {
  return bytes.substr(0, bytes.find('\0'));
}
std::string WrongArity(
    std::string_view command);  // ERR wrong number of arguments for 'get' command
std::string InvalidExpire(std::string_view command);  // ERR invalid expire time in 'set' command
std::string OnlyInSubscriberContext(std::string_view command);
std::string AclDeniesCommand(std::string_view user, std::string_view command);
std::string AclDeniesKey(std::string_view user, std::string_view key);
std::string AclDeniesChannel(std::string_view user, std::string_view channel);
// Of a command that was queued while it was allowed still.
std::string AclDeniesInExec(std::string_view reason);
std::string NamespaceFull(std::string_view name);
std::string NoSuchUser(std::string_view user);
// `kind`: "an existing", "another provided".
std::string TrackingOverlap(std::string_view prefix, std::string_view kind, std::string_view other);
std::string TargetReplied(std::string_view error);  // to MIGRATE
std::string UnknownSubcommand(std::string_view command, std::string_view subcommand);
std::string UnknownLibraryMetadata(std::string_view word);
std::string NoSuchFunctionEngine(std::string_view engine);
std::string LibraryExists(std::string_view library);
std::string RestoredLibraryExists(std::string_view library);  // FUNCTION RESTORE's
std::string FunctionExists(std::string_view function);
std::string UnknownFunctionOption(std::string_view option);      // FUNCTION LOAD's
std::string UnknownFunctionArgument(std::string_view argument);  // FUNCTION LIST's
// Where a subcommand was given arguments that it does not take.
std::string BadSubcommand(std::string_view command, std::string_view subcommand);

}  // namespace larder::errors

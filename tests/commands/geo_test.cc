#include <string>

#include "tests/commands/event_fixture.h"
#include "tests/support/command_fixture.h"

namespace larder {
namespace {

constexpr char kSyntax[] = "ERR syntax error";

class GeoCommands : public CommandFixture {
 protected:
  // The example of the public documentation.
  void AddSicily() { Run("GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"); }
};

TEST_F(GeoCommands, AddAndMeasure) {
  EXPECT_THAT(Run("GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"),
              IsInteger(2));
  EXPECT_THAT(Run("GEODIST Sicily Palermo Catania"), IsBulk("166274.1516"));
  EXPECT_THAT(Run("GEODIST Sicily Palermo Catania km"), IsBulk("166.2742"));
  EXPECT_THAT(Run("GEODIST Sicily Palermo Catania MI"), IsBulk("103.3182"));
  EXPECT_THAT(Run("GEODIST Sicily Palermo Nowhere"), IsNull());
  EXPECT_THAT(Run("ZSCORE Sicily Palermo"), IsBulk("3479099956230698"));
  EXPECT_THAT(Run("GEOHASH Sicily Palermo Catania Nowhere"),
              IsArray({IsBulk("sqc8b49rny0"), IsBulk("sqdtr74hyu0"), IsNull()}));
  EXPECT_THAT(Run("GEOPOS Sicily Palermo Nowhere"),
              IsArray({IsBulks({"13.361389338970184", "38.1155563954963"}), IsNullArray()}));
}

TEST_F(GeoCommands, AddTakesConditions) {
  AddSicily();
  EXPECT_THAT(Run("GEOADD Sicily NX 0 0 Palermo"), IsInteger(0));
  EXPECT_THAT(Run("GEOADD Sicily XX CH 13.4 38.1 Palermo 1 1 New"), IsInteger(1));
  EXPECT_THAT(Run("ZCARD Sicily"), IsInteger(2));
  EXPECT_THAT(Run("GEOADD Sicily NX XX 0 0 Palermo"), IsError(kSyntax));
  EXPECT_THAT(Run("GEOADD Sicily 0 0 a 1"), IsError(kSyntax));
  EXPECT_THAT(Run("GEOADD Sicily x 0 a"), IsError("ERR value is not a valid float"));
  EXPECT_THAT(Run("GEOADD Sicily 181 0 a"),
              IsError("ERR invalid longitude,latitude pair 181.000000,0.000000"));
}

TEST_F(GeoCommands, AMissingKeyHasNoPlaces) {
  EXPECT_THAT(Run("GEODIST none a b"), IsNull());
  EXPECT_THAT(Run("GEOHASH none a"), IsArray({IsNull()}));
  EXPECT_THAT(Run("GEOHASH none"), IsEmptyArray());
  EXPECT_THAT(Run("GEOPOS none a"), IsArray({IsNullArray()}));
  EXPECT_THAT(Run("GEOSEARCH none FROMMEMBER a BYRADIUS 1 m"), IsEmptyArray());
  EXPECT_THAT(Run("GEORADIUS none 0 0 1 m"), IsEmptyArray());
  EXPECT_THAT(Run("GEORADIUSBYMEMBER none a 1 m"), IsEmptyArray());
  Run("SET d x");
  EXPECT_THAT(Run("GEOSEARCHSTORE d none FROMLONLAT 0 0 BYRADIUS 1 m"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
}

TEST_F(GeoCommands, SearchWithinACircleAndABox) {
  AddSicily();
  Run("GEOADD Sicily 12.758489 38.788135 edge1 17.241510 38.788135 edge2");
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC"),
              IsBulks({"Catania", "Palermo"}));
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST"),
              IsArray({IsBulks({"Catania", "56.4413"}), IsBulks({"Palermo", "190.4424"}),
                       IsBulks({"edge2", "279.7403"}), IsBulks({"edge1", "279.7405"})}));
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 km"), IsBulks({"Palermo"}));
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km DESC COUNT 1"),
              IsBulks({"Palermo"}));
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1"),
              IsBulks({"Catania"}));
  EXPECT_EQ(Run("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY").items.size(), 1u);
  EXPECT_THAT(Run("GEOSEARCH Sicily FROMMEMBER Palermo BYRADIUS 1 m WITHCOORD WITHDIST WITHHASH"),
              IsArray({IsArray({IsBulk("Palermo"), IsBulk("0.0000"), IsInteger(3479099956230698),
                                IsBulks({"13.361389338970184", "38.1155563954963"})})}));
}

TEST_F(GeoCommands, TheOldCommandsSearchAsWell) {
  AddSicily();
  EXPECT_THAT(Run("GEORADIUS Sicily 15 37 200 km ASC"), IsBulks({"Catania", "Palermo"}));
  EXPECT_THAT(Run("GEORADIUS_RO Sicily 15 37 200 km DESC COUNT 5"),
              IsBulks({"Palermo", "Catania"}));
  EXPECT_THAT(Run("GEORADIUSBYMEMBER Sicily Palermo 200 km ASC"), IsBulks({"Palermo", "Catania"}));
  EXPECT_THAT(Run("GEORADIUSBYMEMBER_RO Sicily Catania 1 km"), IsBulks({"Catania"}));
  EXPECT_THAT(Run("GEORADIUS_RO Sicily 15 37 200 km STORE d"), IsError(kSyntax));
  EXPECT_THAT(Run("GEORADIUSBYMEMBER Sicily Rome 1 km"),
              IsError("ERR could not decode requested zset member"));
}

TEST_F(GeoCommands, ResultsAreStored) {
  AddSicily();
  EXPECT_THAT(Run("GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 100 km"), IsInteger(1));
  EXPECT_THAT(Run("ZRANGE d 0 -1"), IsBulks({"Catania"}));
  EXPECT_THAT(Run("GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 100 km STOREDIST"),
              IsInteger(1));
  EXPECT_EQ(Run("ZSCORE d Catania").text.substr(0, 6), "56.441");
  EXPECT_THAT(Run("GEORADIUS Sicily 15 37 200 km STORE d"), IsInteger(2));
  EXPECT_THAT(Run("GEOPOS d Palermo").items.at(0),
              IsBulks({"13.361389338970184", "38.1155563954963"}));
  EXPECT_THAT(Run("GEORADIUSBYMEMBER Sicily Palermo 1 km STOREDIST d"), IsInteger(1));
  EXPECT_THAT(Run("ZSCORE d Palermo"), IsBulk("0"));
  EXPECT_THAT(Run("GEORADIUS Sicily 0 0 1 m STORE d"), IsInteger(0));
  EXPECT_THAT(Run("EXISTS d"), IsInteger(0));
}

TEST_F(GeoCommands, SearchRefusesWhatMakesNoSense) {
  AddSicily();
  const std::string from = "GEOSEARCH Sicily FROMLONLAT 15 37 ";
  EXPECT_THAT(Run(from + "BYRADIUS -1 m"), IsError("ERR radius cannot be negative"));
  EXPECT_THAT(Run(from + "BYRADIUS x m"), IsError("ERR need numeric radius"));
  EXPECT_THAT(Run(from + "BYBOX x 1 m"), IsError("ERR need numeric width"));
  EXPECT_THAT(Run(from + "BYBOX 1 x m"), IsError("ERR need numeric height"));
  EXPECT_THAT(Run(from + "BYBOX 1 -1 m"), IsError("ERR height or width cannot be negative"));
  EXPECT_THAT(Run(from + "BYRADIUS 1 yd"),
              IsError("ERR unsupported unit provided. please use M, KM, FT, MI"));
  EXPECT_THAT(Run(from + "BYRADIUS 1 m COUNT 0"), IsError("ERR COUNT must be > 0"));
  EXPECT_THAT(Run(from + "BYRADIUS 1 m ANY"),
              IsError("ERR the ANY argument requires COUNT argument"));
  EXPECT_THAT(Run(from + "BYRADIUS 1 m FROMMEMBER x"), IsError(kSyntax));
  EXPECT_THAT(Run(from + "ASC ASC ASC"),
              IsError("ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH"));
  EXPECT_THAT(
      Run("geosearch Sicily BYRADIUS 1 m ASC ASC"),
      IsError("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch"));
  EXPECT_THAT(Run("GEOSEARCHSTORE d Sicily FROMMEMBER Palermo BYRADIUS 1 m WITHDIST"),
              IsError("ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD "
                      "options"));
  EXPECT_THAT(Run("GEORADIUS Sicily 0 0 1 m STORE d WITHHASH"),
              IsError("ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and "
                      "WITHCOORD options"));
}

TEST_F(GeoCommands, AnyScoreIsAPlace) {
  Run("ZADD z -1 a inf b 1e300 c 5 d");
  EXPECT_EQ(Run("GEOPOS z a b c d").items.size(), 4u);
  EXPECT_EQ(Run("GEOHASH z a b c d").items.size(), 4u);
}

using GeoEvents = EventFixture;

TEST_F(GeoEvents, FollowTheChange) {
  EXPECT_EQ(EventsOf("GEOADD g 1 1 a"), "new g\nzadd g\n");
  EXPECT_EQ(EventsOf("GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 m"), "new d\ngeosearchstore d\n");
  EXPECT_EQ(EventsOf("GEORADIUS g 1 1 1 km STORE d"), "georadiusstore d\n");
}

}  // namespace
}  // namespace larder

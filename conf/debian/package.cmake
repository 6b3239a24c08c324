# The Debian package: scripts/package builds it, tests/package_test tries it.
set(LARDER_DEBIAN ${CMAKE_SOURCE_DIR}/conf/debian)

install(FILES ${LARDER_DEBIAN}/copyright DESTINATION share/doc/larder)
# What Debian wants compressed, without the time, so that two builds are alike.
foreach(page changelog:share/doc/larder/changelog.Debian.gz larder.1:share/man/man1/larder.1.gz)
  string(REGEX MATCH "^([^:]+):(.+)/([^/]+)$" matched ${page})
  set(packed ${CMAKE_BINARY_DIR}/debian/${CMAKE_MATCH_3})
  set(folder ${CMAKE_MATCH_2})
  add_custom_command(OUTPUT ${packed}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/debian
    COMMAND gzip -9nc ${LARDER_DEBIAN}/${CMAKE_MATCH_1} > ${packed}
    DEPENDS ${LARDER_DEBIAN}/${CMAKE_MATCH_1})
  list(APPEND LARDER_PACKED ${packed})
  install(FILES ${packed} DESTINATION ${folder} OPTIONAL)
endforeach()
add_custom_target(debian_pages DEPENDS ${LARDER_PACKED})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME larder)
set(CPACK_PACKAGE_VENDOR "the Larder authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "cache server that speaks Redis's protocol")
set(CPACK_PACKAGE_DESCRIPTION
"Larder stands where Redis stands in front of a slow backend: clients of Redis
work unchanged, Lua scripts included. It serves from all cores, keeps its data
in memory alone, and holds to a cap on it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The Larder authors <authors@larder.example>")
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # libraries and their versions, from the binary
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS redis-tools)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${LARDER_DEBIAN}/conffiles ${LARDER_DEBIAN}/postinst
  ${LARDER_DEBIAN}/prerm ${LARDER_DEBIAN}/postrm)
include(CPack)

# `cmake --install`: the program, its manual page, completions, a systemd unit with a user of its own, an example of its
# configuration, the licence. `cpack -G DEB` packs the same (packaging/deb).
include(GNUInstallDirs)

# A sanitized program is for tests; one that is built for another machine cannot be asked for its --help.
if(NOT SANITIZE AND NOT FUZZ AND NOT CMAKE_CROSSCOMPILING)
  set(GENERATED ${CMAKE_BINARY_DIR}/packaging)
  add_custom_command(
    OUTPUT ${GENERATED}/tidemark.1 ${GENERATED}/tidemark.bash ${GENERATED}/_tidemark
    COMMAND ${CMAKE_COMMAND} -D TIDEMARK=$<TARGET_FILE:tidemark> -D VERSION=${PROJECT_VERSION}
            -D SOURCE=${CMAKE_SOURCE_DIR}/packaging -D OUT=${GENERATED} -P ${CMAKE_SOURCE_DIR}/packaging/generate.cmake
    DEPENDS tidemark packaging/generate.cmake packaging/tidemark.1.in packaging/completion.bash.in packaging/completion.zsh.in
    COMMENT "The manual page and the completions, of --help" VERBATIM)
  add_custom_target(packaging ALL DEPENDS ${GENERATED}/tidemark.1)
  install(FILES ${GENERATED}/tidemark.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${GENERATED}/tidemark.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tidemark)
  install(FILES ${GENERATED}/_tidemark DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()

install(TARGETS tidemark RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# systemd looks below /usr/lib and /usr/local/lib, whatever the libraries' folder is called; it finds the program itself
install(FILES packaging/tidemark.service DESTINATION lib/systemd/system)
install(FILES packaging/tidemark.sysusers DESTINATION lib/sysusers.d RENAME tidemark.conf)
install(FILES packaging/config.json packaging/kubernetes.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# what README.md sends a user to
install(FILES consumer/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/consumer)
install(FILES http/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/http)
install(FILES views/README.md views/TUTORIAL.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/views)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_PACKAGE_VENDOR tidemark)
set(CPACK_PACKAGE_CONTACT "tidemark's maintainers <maintainers@tidemark.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, procps")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "sqlite3, libpq5") # libpq5: prove --postgres
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/deb/postinst ${CMAKE_SOURCE_DIR}/packaging/deb/prerm
                                       ${CMAKE_SOURCE_DIR}/packaging/deb/postrm)
include(CPack)

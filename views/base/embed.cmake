# embed_files(NAME DIR FILE...): DIR/FILE... as a generated C file that defines
#   const struct embedded_file NAME[]   (views/base/embedded.h), ended by a NULL path.
# The path of the generated file is left in the variable NAME. The bytes come in by the assembler's .incbin.
function(embed_files name dir)
  set(out ${CMAKE_BINARY_DIR}/${name}.c)
  set(text "#include \"views/base/embedded.h\"\n\n")
  set(table "const struct embedded_file ${name}[] = {\n")
  set(number 0)
  foreach(file ${ARGN})
    set(symbol ${name}_${number})
    string(APPEND text "__asm__(\".section .rodata\\n.global ${symbol}\\n${symbol}:\\n\"\n"
                       "        \".incbin \\\"${dir}/${file}\\\"\\n\"\n"
                       "        \".global ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n.previous\\n\");\n"
                       "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
    string(APPEND table "    {\"${file}\", ${symbol}, ${symbol}_end},\n")
    list(APPEND paths ${dir}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND table "    {0},\n};\n")
  file(CONFIGURE OUTPUT ${out} CONTENT "${text}\n${table}" @ONLY)
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${paths}" COMPILE_OPTIONS "-I${CMAKE_SOURCE_DIR}")
  set(${name} ${out} PARENT_SCOPE)
endfunction()

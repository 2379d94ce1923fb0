# cmake -D SOURCE=http/page -D OUT=FOLDER -P join.cmake: the page's parts as one document, and what its headers say of it.
#   OUT/index.html   page.html with style.css and the scripts, in the order below, in it
#   OUT/policy       the value of Content-Security-Policy: nothing runs but what was joined here, known by its SHA-256
#   OUT/tag          hex, the document's own SHA-256
# Indentation, lines that are nothing but a comment, and blanks that mean nothing are left out.
cmake_minimum_required(VERSION 3.22)
set(scripts base.js net.js show.js plot.js truth.js overview.js tables.js views.js tail.js more.js start.js)

function(page_read name ret)
  file(READ "${SOURCE}/${name}" text)
  string(REGEX REPLACE "\n *(//[^\n]*)?" "\n" text "\n${text}")
  string(REGEX REPLACE "\n\n+" "\n" text "${text}")
  set(${ret} "${text}" PARENT_SCOPE)
endfunction()

# Three hexadecimal digits are two of base64; 64 of them need two zeros behind, which are the last digit's padding.
function(page_hash text ret)
  set(digits ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hex "${text}")
  string(APPEND hex 00)
  set(out "")
  foreach(at RANGE 0 63 3)
    string(SUBSTRING ${hex} ${at} 3 three)
    math(EXPR high "0x${three} >> 6")
    math(EXPR low "0x${three} & 63")
    string(SUBSTRING ${digits} ${high} 1 high)
    string(SUBSTRING ${digits} ${low} 1 low)
    string(APPEND out ${high}${low})
  endforeach()
  string(SUBSTRING ${out} 0 43 out)
  set(${ret} "'sha256-${out}='" PARENT_SCOPE)
endfunction()

page_read(style.css style)
string(REPLACE "\n" "" style "${style}")
string(REGEX REPLACE " *([{}:;,>]) +" "\\1" style "${style}") # no space before a colon: "a :hover" is not "a:hover"
string(REGEX REPLACE " +([{}>])" "\\1" style "${style}")
string(REPLACE ";}" "}" style "${style}")
set(script "(() => {\n'use strict';\n")
foreach(name ${scripts})
  page_read(${name} text)
  string(APPEND script "${text}")
endforeach()
# No text of the page has one of these in it.
foreach(sign "=>" "===" "!==" "&&" "||" "=" "+=" ">=" "<=")
  string(REPLACE " ${sign} " "${sign}" script "${script}")
endforeach()
string(REPLACE ") {" "){" script "${script}")
string(APPEND script "})();")
page_read(page.html document)
string(REPLACE "@style@" "${style}" document "${document}")
string(REPLACE "@script@" "${script}" document "${document}")
string(STRIP "${document}" document)
page_hash("${style}" style_hash)
page_hash("${script}" script_hash)
string(SHA256 tag "${document}")
file(WRITE "${OUT}/index.html" "${document}\n")
file(WRITE "${OUT}/policy"
     "default-src 'none'; script-src ${script_hash}; style-src ${style_hash}; img-src data:; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
file(WRITE "${OUT}/tag" "${tag}")

# SPDX-License-Identifier: MIT
# cmake -DPROGRAM=... -DPRINTS=... [-DAGAIN=...] -DFOLDER=... -P run.cmake: run an example in an empty folder; its last
# line must be PRINTS.  With AGAIN, run it once more: it must fail, and say that.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
message("${out}${err}")
string(REGEX REPLACE "\n$" "" last "${out}")
string(REGEX REPLACE "^.*\n" "" last "${last}")
if(NOT code EQUAL 0 OR NOT last STREQUAL PRINTS)
  message(FATAL_ERROR "exit ${code}, last line \"${last}\" instead of \"${PRINTS}\"")
endif()
if(AGAIN)
  execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
  message("${out}${err}")
  if(NOT code EQUAL 1 OR NOT err MATCHES "${AGAIN}")
    message(FATAL_ERROR "the second time: exit ${code}, without \"${AGAIN}\"")
  endif()
endif()

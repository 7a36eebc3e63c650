# Writes OUTPUT, a source that says the hash of all FILES (semicolons): their names and contents. It is left as it is when
# nothing has changed. In: OUTPUT, ROOT, FILES.
set(all "")
foreach(file IN LISTS FILES)
  file(SHA256 ${file} hash)
  file(RELATIVE_PATH name ${ROOT} ${file})
  string(APPEND all "${name} ${hash}\n")
endforeach()
string(SHA256 hash "${all}")
string(SUBSTRING ${hash} 0 16 hash)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"#include \"nas/run/version.hpp\"

namespace nas::run {

const char* const kSourcesHash = \"${hash}\";

}  // namespace nas::run
" @ONLY)

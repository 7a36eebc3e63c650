#include "data/corpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::data {
namespace {

using test::message_of;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

config::DataConfig config_of(const std::string& corpus) {
  config::DataConfig config;
  config.corpus = corpus;
  return config;
}

std::vector<std::string> names_of(const CorpusListing& listing) {
  std::vector<std::string> names;
  names.reserve(listing.files.size());
  for (const CorpusFile& file : listing.files) names.push_back(file.name);
  return names;
}

std::string text_of(const CorpusListing& listing, const CorpusSurvey& survey, Part part) {
  std::string text;
  for (const Document& document : survey.documents) {
    if (document.part == part) text += read_document(listing, document);
  }
  return text;
}

std::string error_for(const config::DataConfig& config) {
  return message_of([&] { return survey_corpus(list_corpus(config), config); });
}

/// A folder of `count` small files named 0.txt, 1.txt, ...
void write_files(const TemporaryFolder& folder, int count) {
  for (int i = 0; i < count; ++i) {
    folder.write("text/" + std::to_string(i) + ".txt", "file " + std::to_string(i) + "\n");
  }
}

TEST(CorpusListing, SortsByNameAndLeavesOutHiddenFilesAndOtherExtensions) {
  const TemporaryFolder folder;
  for (const char* name :
       {"b.py", "a/z.py", "a.py", "c.txt", ".hidden.py", ".git/x.py", "a/b/c.py"}) {
    folder.write(name, "x\n");
  }
  config::DataConfig config = config_of(folder.path());
  EXPECT_THAT(names_of(list_corpus(config)),
              ElementsAre("a.py", "a/b/c.py", "a/z.py", "b.py", "c.txt"));
  config.extensions = {".py"};
  EXPECT_THAT(names_of(list_corpus(config)), ElementsAre("a.py", "a/b/c.py", "a/z.py", "b.py"));
}

TEST(CorpusListing, FollowsLinksOnce) {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  folder.write("corpus/a/x.txt", "x\n");
  folder.write("outside/y.txt", "y\n");
  fs::create_directory_symlink(folder / "corpus", folder / "corpus/a/loop");
  fs::create_directory_symlink(folder / "outside", folder / "corpus/link");
  fs::create_directory_symlink(folder / "outside", folder / "corpus/link2");
  fs::create_symlink(folder / "nowhere", folder / "corpus/dangling.txt");
  EXPECT_THAT(names_of(list_corpus(config_of(folder / "corpus"))),
              ElementsAre("a/x.txt", "link/y.txt"));
}

TEST(CorpusListing, HashFollowsNamesSizesAndTimes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.txt", "one\n");
  const config::DataConfig config = config_of(path);
  const Hash128 before = listing_hash(list_corpus(config));
  EXPECT_EQ(listing_hash(list_corpus(config)), before);
  std::filesystem::last_write_time(
      path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const Hash128 touched = listing_hash(list_corpus(config));
  EXPECT_NE(touched, before);
  folder.write("a.txt", "longer\n");
  EXPECT_NE(listing_hash(list_corpus(config)), touched);
}

TEST(CorpusListing, PythonIsTheSourceOfPyTorch) {
  const CorpusListing listing = list_corpus(config_of("python"));
  std::uint64_t bytes = 0;
  for (const CorpusFile& file : listing.files) {
    bytes += file.size;
    EXPECT_TRUE(file.name.ends_with(".py")) << file.name;
  }
  EXPECT_EQ(listing.files.size(), 2141U);
  EXPECT_EQ(bytes, 41335867U);
}

TEST(CorpusListing, PythonCanBeReplaced) {
  const TemporaryFolder folder;
  folder.write("a.py", "x = 1\n");
  folder.write("b.txt", "no\n");
  const test::ScopedEnvironment environment("NAS_PYTHON_CORPUS", folder.path());
  EXPECT_THAT(names_of(list_corpus(config_of("python"))), ElementsAre("a.py"));
}

TEST(CorpusErrors, NameWhatIsMissingOrEmpty) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_for(config_of(folder / "none")),
            "data.corpus = \"" + folder.path() +
                "/none\": no such file or folder (allowed: \"python\", a text file, a folder of "
                "text files)");
  EXPECT_EQ(error_for(config_of("/dev/null")),
            "data.corpus = \"/dev/null\": is neither a file nor a folder");
  EXPECT_EQ(error_for(config_of(folder.path())),
            "data.corpus = \"" + folder.path() + "\": no files in the folder " + folder.path());
  const std::string empty = folder.write("empty.txt", "");
  EXPECT_EQ(error_for(config_of(empty)),
            "data.corpus = \"" + empty + "\": the file " + empty + " is empty");
  folder.write("empty2.txt", "");
  EXPECT_EQ(error_for(config_of(folder.path())),
            "data.corpus = \"" + folder.path() + "\": none of the 2 files holds text");
  config::DataConfig config = config_of(folder.path());
  config.extensions = {".py", ".md"};
  EXPECT_EQ(error_for(config), "data.corpus = \"" + folder.path() + "\": no files in the folder " +
                                   folder.path() + " end in .py, .md");
  const test::ScopedEnvironment environment("NAS_PYTHON_CORPUS", folder / "gone");
  EXPECT_THAT(error_for(config_of("python")),
              HasSubstr("the Python source of PyTorch is not in " + folder.path() + "/gone"));
}

TEST(CorpusErrors, NameTheByteThatIsNotText) {
  const TemporaryFolder folder;
  const std::string nul = folder.write("nul.txt", std::string("some text\n\0more", 15));
  EXPECT_EQ(error_for(config_of(nul)), "data.corpus = \"" + nul + "\": the file " + nul +
                                           " is not text: byte 10 is 0x00 (needed: UTF-8 without "
                                           "NUL bytes)");
  const std::string latin = folder.write("latin.txt", "caf\xE9\n");
  EXPECT_THAT(error_for(config_of(latin)), HasSubstr("is not text: byte 3 is 0xE9"));
  EXPECT_EQ(error_for(config_of(folder.path())),
            "data.corpus = \"" + folder.path() +
                "\": none of the 2 files is text (UTF-8 without NUL bytes)");
}

TEST(CorpusErrors, SayThatAPartGotNoFile) {
  const TemporaryFolder folder;
  write_files(folder, 3);
  config::DataConfig config = config_of(folder / "text");
  config.validation_share = 0.0001;
  EXPECT_EQ(error_for(config),
            "data.corpus = \"" + folder.path() +
                "/text\": data.validation_share = 0.0001 puts 0 of 3 files into "
                "validation, by a hash of their names; change the share, or give "
                "one file, which is split by position");
}

TEST(CorpusSurvey, LeavesOutBinaryFilesWithACount) {
  const TemporaryFolder folder;
  write_files(folder, 40);
  folder.write("text/binary.txt", std::string("\0\1", 2));
  config::DataConfig config = config_of(folder / "text");
  config.validation_share = 0.25;
  CaptureStderr();
  const CorpusSurvey survey = survey_corpus(list_corpus(config), config);
  EXPECT_THAT(GetCapturedStderr(),
              HasSubstr("1 of 41 files in " + folder.path() + "/text are not text"));
  EXPECT_EQ(survey.binary_files, 1);
  EXPECT_EQ(survey.documents.size(), 40U);
}

// The hash decides forever which files a model may be judged on.
TEST(CorpusSplit, GoesByAStableHashOfTheName) {
  EXPECT_EQ(hash_text("nn/modules/linear.py").low % 10000U, 320U);
  EXPECT_FALSE(is_validation_file("nn/modules/linear.py", 0.032));
  EXPECT_TRUE(is_validation_file("nn/modules/linear.py", 0.0321));
  int validation = 0;
  for (int i = 0; i < 20000; ++i) {
    validation += static_cast<int>(is_validation_file("file" + std::to_string(i) + ".py", 0.05));
  }
  // Binomial(20000, 0.05): mean 1000, standard deviation 31.
  EXPECT_NEAR(validation, 1000, 5 * 31);
}

TEST(CorpusSplit, MoreFilesMoveNoneToTheOtherPart) {
  const TemporaryFolder folder;
  config::DataConfig config = config_of(folder / "text");
  config.validation_share = 0.3;
  const auto parts = [&] {
    std::set<std::pair<std::string, Part>> result;
    const CorpusListing listing = list_corpus(config);
    for (const Document& d : survey_corpus(listing, config).documents) {
      result.emplace(listing.files[d.file].name, d.part);
    }
    return result;
  };
  write_files(folder, 20);
  const auto before = parts();
  write_files(folder, 60);
  const auto after = parts();
  EXPECT_EQ(after.size(), 60U);
  for (const auto& entry : before) EXPECT_TRUE(after.contains(entry)) << entry.first;
}

TEST(CorpusSplit, CutsASingleFileAtALineEnd) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
  config::DataConfig config = config_of(folder.write("text.txt", text));
  config.validation_share = 0.1;
  const CorpusListing listing = list_corpus(config);
  const CorpusSurvey survey = survey_corpus(listing, config);
  const std::string train = text_of(listing, survey, Part::kTrain);
  const std::string validation = text_of(listing, survey, Part::kValidation);
  EXPECT_EQ(train + validation, text);
  EXPECT_EQ(train.back(), '\n');
  EXPECT_LT(train.size() - static_cast<std::size_t>(0.9 * static_cast<double>(text.size())), 8U);
}

TEST(CorpusSplit, CutsATextOfOneLineBetweenCharacters) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "\xE2\x82\xAC";
  for (const double share : {0.1, 0.11, 0.12, 0.5}) {
    config::DataConfig config = config_of(folder.write("text.txt", text));
    config.validation_share = share;
    const CorpusListing listing = list_corpus(config);
    const CorpusSurvey survey = survey_corpus(listing, config);
    ASSERT_EQ(survey.documents.size(), 2U);
    EXPECT_EQ(survey.documents[0].end % 3, 0U);
  }
}

TEST(CorpusSplit, OneFileInAFolderIsSplitByPosition) {
  const TemporaryFolder folder;
  folder.write("text/only.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
  config::DataConfig config = config_of(folder / "text");
  config.validation_share = 0.2;
  const CorpusListing listing = list_corpus(config);
  const CorpusSurvey survey = survey_corpus(listing, config);
  EXPECT_EQ(text_of(listing, survey, Part::kValidation), "i\nj\n");
}

TEST(CorpusCap, TakesWholeFilesUpToTheCap) {
  const TemporaryFolder folder;
  write_files(folder, 100);  // 7 or 8 bytes each
  config::DataConfig config = config_of(folder / "text");
  config.validation_share = 0.3;
  config.max_bytes = 400;
  const CorpusListing listing = list_corpus(config);
  const CorpusSurvey survey = survey_corpus(listing, config);
  EXPECT_LE(survey.bytes, 400U);
  EXPECT_GT(survey.bytes, 392U);
  for (const Document& d : survey.documents) EXPECT_EQ(d.end, listing.files[d.file].size);
  // The order of the cap is not the order of the split: both parts shrink.
  const auto validation = std::count_if(survey.documents.begin(), survey.documents.end(),
                                        [](const Document& d) { return d.part != Part::kTrain; });
  EXPECT_GT(validation, 5);
  EXPECT_LT(validation, 30);
  config.max_bytes = 5;
  EXPECT_THAT(error_for(config),
              HasSubstr("none of the 100 files holds text within data.max_bytes = 5"));
}

TEST(CorpusCap, CutsASingleFileAtALineEnd) {
  const TemporaryFolder folder;
  config::DataConfig config = config_of(folder.write("text.txt", "abc\ndef\nghi\njkl\n"));
  config.validation_share = 0.5;
  config.max_bytes = 11;
  const CorpusListing listing = list_corpus(config);
  const CorpusSurvey survey = survey_corpus(listing, config);
  EXPECT_EQ(survey.bytes, 8U);
  EXPECT_EQ(text_of(listing, survey, Part::kTrain), "abc\n");
  EXPECT_EQ(text_of(listing, survey, Part::kValidation), "def\n");
}

TEST(CorpusSurvey, ContentHashKnowsTextAndSplitButNotThePlace) {
  const TemporaryFolder folder;
  const std::string first = folder.write("one/text.txt", "a\nb\nc\nd\n");
  const std::string second = folder.write("two/other.txt", "a\nb\nc\nd\n");
  config::DataConfig config = config_of(first);
  config.validation_share = 0.5;
  const auto hash = [&](const std::string& path) {
    config.corpus = path;
    return survey_corpus(list_corpus(config), config).content_hash;
  };
  const Hash128 before = hash(first);
  EXPECT_EQ(hash(second), before);
  config.validation_share = 0.25;
  EXPECT_NE(hash(first), before);
  config.validation_share = 0.5;
  folder.write("one/text.txt", "a\nb\nc\ne\n");
  EXPECT_NE(hash(first), before);
}

TEST(CorpusSurvey, NoticesAFileThatChangesMeanwhile) {
  const TemporaryFolder folder;
  const config::DataConfig config = config_of(folder.write("text.txt", "a\nb\nc\nd\n"));
  const CorpusListing listing = list_corpus(config);
  const CorpusSurvey survey = survey_corpus(listing, config);
  folder.write("text.txt", "a\nb\nX\nd\n");
  EXPECT_EQ(message_of([&] { return read_document(listing, survey.documents[0]); }),
            folder.path() + "/text.txt changed while the corpus was read; start again");
}

}  // namespace
}  // namespace nas::data

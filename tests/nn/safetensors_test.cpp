#include "nas/nn/safetensors.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "nas/core/files.hpp"
#include "nn/models.hpp"
#include "nn/safetensors_bytes.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

using nn::NamedTensor;
using nn::SafetensorsFile;

/// Length, header and data as they stand in a file.
std::string file_bytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>((header.size() >> (8 * i)) & 0xFF);
  return bytes + header + data;
}

SafetensorsFile read(const std::string& header, const std::string& data) {
  return nn::read_safetensors_bytes(file_bytes(header, data), "test.safetensors");
}

TEST(Safetensors, RoundTripsEveryTypeAndShape) {
  const TemporaryFolder folder;
  std::vector<NamedTensor> tensors;
  for (const at::ScalarType type :
       {at::kFloat, at::kDouble, at::kBFloat16, at::kHalf, at::kLong, at::kInt, at::kByte}) {
    tensors.push_back({std::string("t.") + c10::toString(type),
                       at::arange(12, at::kFloat).view({3, 4}).to(type)});
  }
  tensors.push_back({"scalar", at::scalar_tensor(2.5)});
  tensors.push_back({"empty", at::zeros({0, 3})});
  tensors.push_back({"transposed", at::arange(6, at::kFloat).view({2, 3}).t()});
  tensors.push_back({"unicode \xC3\xA9 \"quoted\"", at::ones({1}, at::kByte)});
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"note", "a\nb"}};
  const std::string path = folder / "x.safetensors";
  nn::write_safetensors(path, tensors, metadata);
  const SafetensorsFile file = nn::read_safetensors(path);
  EXPECT_EQ(file.metadata, metadata);
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const NamedTensor& tensor : tensors) {
    const at::Tensor* const found = file.find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->scalar_type(), tensor.tensor.scalar_type());
    EXPECT_TRUE(at::equal(*found, tensor.tensor)) << tensor.name;
  }
  EXPECT_EQ(file.find("stranger"), nullptr);
}

TEST(Safetensors, FileHasThePublishedLayout) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.safetensors";
  nn::write_safetensors(path, {{"a", at::tensor({1.0F})}, {"b", at::ones({2}, at::kByte)}}, {});
  std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(read_file(path), file_bytes(header, std::string("\0\0\x80\x3F\x01\x01", 6)));
}

TEST(Safetensors, CarriesAModelsWeights) {
  const TemporaryFolder folder;
  nn::Model model(primer_architecture(), {});
  model.initialise(3, 0);
  nn::write_safetensors(folder / "x", model.parameters(), {});
  nn::Model other(primer_architecture(), {});
  other.load(nn::read_safetensors(folder / "x").tensors);
  EXPECT_EQ(other.weights_hash(), model.weights_hash());
}

TEST(Safetensors, ReadsTensorsThatTheHeaderListsInAnotherOrder) {
  const SafetensorsFile file = read(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},)"
                                    R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                                    "xyz");
  EXPECT_EQ(file.tensors[0].name, "a");
  EXPECT_EQ(file.find("b")->sizes(), at::IntArrayRef{2});
  EXPECT_EQ((*file.find("b"))[1].item<int>(), 'z');
}

struct Hostile {
  const char* header;
  const char* data;
  const char* complaint;
};

TEST(Safetensors, RefusesHostileHeaders) {
  const Hostile all[] = {
      {"", "", "header"},
      {"[]", "", "no JSON object"},
      {"{", "", "header"},
      {R"({"a":1})", "", "no JSON object"},
      {R"({"a":{}})", "", "\"dtype\" is missing"},
      {R"({"a":{"dtype":"F32"}})", "", "\"shape\" is missing"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "", "\"data_offsets\" is missing"},
      {R"({"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", "x", "\"F8\" is not one of F32"},
      {R"({"a":{"dtype":8,"shape":[1],"data_offsets":[0,1]}})", "x", "8 is not one of"},
      {R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})", "x", "shape is no array"},
      {R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "x", "no whole number"},
      {R"({"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", "x", "no whole number"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", "x", "not two whole numbers"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", "x", "not two whole numbers"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", "x", "do not lie"},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "x", "do not lie"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1]}})", "x",
       "too large"},
      {R"({"a":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", "",
       "too large"},
      {R"({"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]}})", "x",
       "no whole number"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}})", "xyz", "its shape needs 4"},
      {R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})",
       "x", "at most 16"},
      // Overlap, hole, bytes left over.
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       "xyz", "begins at byte 1"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
       R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
       "xyz", "begins at byte 2"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "xy", "1 bytes after"},
      {"{}", "x", "1 bytes after"},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
       R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
       "x", "twice"},
      {R"({"__metadata__":{"a":1}})", "", "is no string"},
      {R"({"__metadata__":[]})", "", "no JSON object"},
  };
  for (const Hostile& hostile : all) {
    const auto error = error_of([&] { return read(hostile.header, hostile.data); });
    ASSERT_TRUE(error) << hostile.header;
    EXPECT_EQ(error->kind(), ErrorKind::kData) << hostile.header;
    const std::string message = error->what();
    EXPECT_NE(message.find(hostile.complaint), std::string::npos) << hostile.header << message;
    EXPECT_NE(message.find("test.safetensors"), std::string::npos) << message;
  }
}

TEST(Safetensors, RefusesTornFiles) {
  const std::string whole =
      file_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "12345678");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto error = error_of(
        [&] { return nn::read_safetensors_bytes(std::string_view(whole).substr(0, size), "t"); });
    ASSERT_TRUE(error) << size;
    EXPECT_EQ(error->kind(), ErrorKind::kData);
  }
  EXPECT_NO_THROW(static_cast<void>(nn::read_safetensors_bytes(whole, "t")));
}

TEST(Safetensors, AHugeLengthIsRefusedBeforeAnythingIsAllocated) {
  const std::string bytes = std::string(7, '\xFF') + "\x7F" + "{}";
  const std::string message = message_of([&] { return nn::read_safetensors_bytes(bytes, "t"); });
  EXPECT_NE(message.find("at most 16777216"), std::string::npos) << message;
}

TEST(Safetensors, RefusesNamesAndTypesThatCannotBeWritten) {
  const TemporaryFolder folder;
  const at::Tensor x = at::ones({1});
  const auto refused = [&](const std::vector<NamedTensor>& tensors) {
    return error_of([&] {
             nn::write_safetensors(folder / "x", tensors, {});
             return 0;
           }) != nullptr;
  };
  EXPECT_TRUE(refused({{"a", x}, {"a", x}}));
  EXPECT_TRUE(refused({{"__metadata__", x}}));
  EXPECT_TRUE(refused({{"a", x.to(at::kBool)}}));
  EXPECT_TRUE(refused({{"\xFF", x}}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Safetensors, AMissingFileIsAnIoError) {
  const TemporaryFolder folder;
  const auto error = error_of([&] { return nn::read_safetensors(folder / "missing"); });
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
}

}  // namespace
}  // namespace nas::test

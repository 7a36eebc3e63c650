#include "nas/nn/documents.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "nas/core/philox.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/causality.hpp"
#include "nn/models.hpp"
#include "support/random_programs.hpp"
#include "support/required.hpp"

namespace nas::test {
namespace {

using nn::Model;

constexpr std::uint64_t kSeed = 77;
constexpr std::int64_t kVocab = 16;  // of small_architecture
constexpr std::int64_t kSeq = 11;
constexpr double kTolerance = 1e-5;  // sums in another order

std::string where(std::uint64_t index, const space::Program& program) {
  return "seed " + std::to_string(kSeed) + " index " + std::to_string(index) + "\n" +
         space::to_text(program);
}

/// [rows, seq] int32 from the documents that begin inside each row.
at::Tensor starts_at(std::int64_t seq, const std::vector<std::vector<std::int64_t>>& rows) {
  at::Tensor starts = at::zeros({static_cast<std::int64_t>(rows.size()), seq}, at::kInt);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const std::int64_t begin : rows[row]) {
      starts.select(0, static_cast<std::int64_t>(row)).slice(0, begin).fill_(begin);
    }
  }
  return starts;
}

/// The tokens of A are in [0, 8), those of B in [8, 16); B begins at `boundary` of every row.
at::Tensor two_documents(std::int64_t boundary, std::uint64_t seed) {
  at::Tensor tokens = random_tokens(2, kSeq, kVocab / 2, seed);
  tokens.slice(1, boundary).add_(kVocab / 2);
  return tokens;
}

at::Tensor other_first_document(const at::Tensor& tokens, std::int64_t boundary) {
  at::Tensor changed = tokens.clone();
  changed.slice(1, 0, boundary).add_(3).remainder_(kVocab / 2);
  return changed;
}

/// A model whose head is not its embedding, so that only inputs reach what is looked up.
Model model_of(const space::Program& program, std::uint64_t index,
               space::Positions positions = space::Positions::kRope) {
  space::Architecture architecture = small_architecture(program);
  architecture.model.tied_head = false;
  architecture.model.positions = positions;
  Model model(architecture, {.fuse = index % 2 == 0});
  model.initialise(1, 0);
  disturb(model, 0.2, index);
  return model;
}

at::Tensor embedding_of(const Model& model) { return model.parameters().at(0).tensor; }

/// Windows whose documents begin at random places, one token in `rarity`.
struct RandomDocuments {
  std::int64_t batch = 0;
  std::int64_t seq = 0;
  std::int64_t boundaries = 0;
  at::Tensor starts;
};

RandomDocuments random_documents(DrawCursor& cursor) {
  RandomDocuments made{1 + cursor.below(6), 1 + cursor.below(40), 0, {}};
  const std::uint32_t rarity = 1 + cursor.below(30);
  std::vector<std::vector<std::int64_t>> rows(static_cast<std::size_t>(made.batch));
  for (auto& row : rows) {
    for (std::int64_t t = 1; t < made.seq; ++t) {
      if (cursor.below(rarity) == 0) row.push_back(t);
    }
    made.boundaries += static_cast<std::int64_t>(row.size());
  }
  made.starts = starts_at(made.seq, rows);
  return made;
}

/// Every token is where `places` says, in one row with the others of its document, as far from the
/// row's start as from the document's.
void expect_whole(const nn::DocumentPieces& cut, const RandomDocuments& of) {
  std::vector<at::Tensor> tokens;
  std::vector<at::Tensor> rows;
  std::vector<at::Tensor> offsets;
  std::int64_t row = 0;
  for (const at::Tensor& group : cut.groups) {
    const std::int64_t count = group.size(0);
    tokens.push_back(group.flatten());
    rows.push_back(at::arange(row, row + count).repeat_interleave(group.size(1)));
    offsets.push_back(at::arange(group.size(1)).repeat({count}));
    row += count;
  }
  const at::Tensor own = at::arange(of.batch * of.seq);
  const at::Tensor from_start = (own % of.seq) - of.starts.flatten();
  EXPECT_TRUE(at::equal(at::cat(tokens).index_select(0, cut.places), own));
  EXPECT_TRUE(at::equal(at::cat(offsets).index_select(0, cut.places), from_start));
  const at::Tensor row_of = at::cat(rows).index_select(0, cut.places);
  EXPECT_TRUE(at::equal(row_of, row_of.index_select(0, own - from_start)));
}

TEST(Documents, PiecesHoldEveryTokenOnce) {
  DrawCursor cursor({kSeed, Purpose::kTest, 0, 0});
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const RandomDocuments made = random_documents(cursor);
    const auto cut = nn::cut_at_documents(made.starts, nn::PieceShapes::kFewest);
    ASSERT_EQ(cut.has_value(), made.boundaries > 0);
    if (!cut) continue;
    expect_whole(*cut, made);
    std::int64_t pieces = 0;
    std::int64_t filled = 0;
    for (const at::Tensor& group : cut->groups) {
      pieces += group.size(0);
      filled += group.numel();
    }
    EXPECT_EQ(pieces, made.batch + made.boundaries);
    EXPECT_LE(filled, made.batch * made.seq * 5 / 2) << "too much is filled up";
  }
}

TEST(Documents, PiecesOfFewKindsHaveFourNumbersOfRows) {
  DrawCursor cursor({kSeed, Purpose::kTest, 1, 0});
  std::set<std::int64_t> kinds_of_four;
  int many = 0;
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const RandomDocuments made = random_documents(cursor);
    const auto cut = nn::cut_at_documents(made.starts, nn::PieceShapes::kFewKinds);
    ASSERT_EQ(cut.has_value(), made.boundaries > 0);
    if (!cut) continue;
    expect_whole(*cut, made);
    const auto rows = nn::rows_of_whole_windows(*cut, made.seq);
    if (made.boundaries > made.batch) {
      ++many;
      continue;
    }
    const std::int64_t count = required(rows, "number of rows");
    EXPECT_GE(count, made.batch + made.boundaries);
    EXPECT_LE(count, 2 * made.batch);
    if (made.batch == 4) kinds_of_four.insert(count);
  }
  EXPECT_GT(many, 20);
  EXPECT_EQ(kinds_of_four, (std::set<std::int64_t>{5, 6, 8}));
}

/// Both shapes, and in both the rows by themselves, give one result and one gradient.
TEST(Documents, ThePiecesShapesDifferInRoundingAlone) {
  const Model model = model_of(vanilla_architecture().layers[0].program, 0);
  const at::Tensor tokens = random_tokens(4, kSeq, kVocab, 5);
  const at::Tensor starts = starts_at(kSeq, {{3}, {}, {}, {1, 7}});
  std::vector<at::Tensor> losses;
  std::vector<at::Tensor> gradients;
  for (const nn::PieceShapes shapes : {nn::PieceShapes::kFewest, nn::PieceShapes::kFewKinds}) {
    const auto pieces = required(nn::cut_at_documents(starts, shapes), "boundary");
    const at::Tensor loss = model.loss_of_pieces(tokens, tokens, pieces);
    loss.backward();
    losses.push_back(loss.detach());
    gradients.push_back(embedding_of(model).grad().clone());
    for (const nn::NamedTensor& parameter : model.parameters()) {
      parameter.tensor.mutable_grad().reset();
    }
  }
  EXPECT_TRUE(at::allclose(losses[0], losses[1], kTolerance, kTolerance));
  EXPECT_TRUE(at::allclose(gradients[0], gradients[1], kTolerance, kTolerance));
}

TEST(Documents, NothingIsCutWithoutABoundary) {
  EXPECT_FALSE(nn::cut_at_documents({}, nn::PieceShapes::kFewest));
  EXPECT_FALSE(nn::cut_at_documents(at::zeros({3, 7}, at::kInt), nn::PieceShapes::kFewKinds));
  Model model(vanilla_architecture(), {});
  model.initialise(1, 0);
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = random_tokens(3, 7, 40, 1);
  EXPECT_TRUE(at::equal(model.forward(tokens), model.forward(tokens, at::zeros({3, 7}, at::kInt))));
}

TEST(Documents, AnotherDocumentLeavesEveryBit) {
  const at::NoGradGuard no_grad;
  constexpr std::uint64_t kPrograms = 600;
  std::uint64_t mixing = 0;
  std::uint64_t close = 0;
  std::set<std::string> primitives;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    for (const space::Node& node : program.nodes) primitives.insert(space::spec_of(node).name);
    const Model model = model_of(program, index);
    const auto boundary = static_cast<std::int64_t>(1 + index % (kSeq - 1));
    const at::Tensor starts = starts_at(kSeq, {{boundary}, {boundary}});
    const at::Tensor tokens = two_documents(boundary, index);
    const at::Tensor changed = other_first_document(tokens, boundary);
    const std::int64_t length = kSeq - boundary;
    const auto second = [&](const at::Tensor& logits) {
      return logits.narrow(1, boundary, length);
    };
    const at::Tensor expected = second(model.forward(tokens, starts));
    ASSERT_EQ(nn::first_difference(expected, second(model.forward(changed, starts))), length)
        << where(index, program);
    const at::Tensor alone = model.forward(second(tokens).contiguous());
    const double scale = std::max(1.0, alone.abs().max().item<double>());
    close += at::allclose(expected, alone, 0, kTolerance * scale, /*equal_nan=*/true) ? 1 : 0;
    // Without the starts the first document is seen.
    const at::Tensor seen = second(model.forward(tokens));
    mixing += at::equal(seen, second(model.forward(changed))) ? 0 : 1;
  }
  // A few programs magnify a rounding, by exponentials of squares, say.
  EXPECT_GT(close, kPrograms * 97 / 100);
  EXPECT_GT(mixing, kPrograms / 2);
  EXPECT_EQ(primitives.size(), causal_vocabulary().size()) << "a primitive was not tried";
}

TEST(Documents, AnotherDocumentLeavesEveryBitOfADna) {
  const at::NoGradGuard no_grad;
  constexpr std::uint64_t kWalks = 200;
  std::uint64_t wide = 0;
  std::uint64_t mixing = 0;
  for (std::uint64_t walk = 0; walk < kWalks; ++walk) {
    const space::Program program = walked_dna(walk);
    wide += to_text(program).find("width=") != std::string::npos ? 1 : 0;
    Model model(dna_model(program), {.fuse = walk % 2 == 0});
    model.initialise(1, 0);
    disturb(model, 0.2, walk);
    const auto boundary = static_cast<std::int64_t>(1 + walk % (kSeq - 1));
    const at::Tensor starts = starts_at(kSeq, {{boundary}, {boundary}});
    const at::Tensor tokens = two_documents(boundary, walk);
    const at::Tensor changed = other_first_document(tokens, boundary);
    const at::Tensor expected = model.forward(tokens, starts).slice(1, boundary);
    ASSERT_EQ(nn::first_difference(expected, model.forward(changed, starts).slice(1, boundary)),
              kSeq - boundary)
        << where(walk, program);
    const at::Tensor seen = model.forward(tokens).slice(1, boundary);
    mixing += at::equal(seen, model.forward(changed).slice(1, boundary)) ? 0 : 1;
  }
  EXPECT_GE(wide, 20) << "convolutions over several tokens";
  EXPECT_GT(mixing, kWalks / 2);
}

TEST(Documents, AnOverflowInAnotherDocumentLeavesEveryBit) {
  const at::NoGradGuard no_grad;
  constexpr std::uint64_t kPrograms = 200;
  std::uint64_t overflowed = 0;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const Model model = model_of(program, index);
    const std::int64_t boundary = 4;
    const at::Tensor starts = starts_at(kSeq, {{boundary}, {boundary}});
    const at::Tensor tokens = two_documents(boundary, index);
    const at::Tensor expected = model.forward(tokens, starts).slice(1, boundary);
    for (const double value : {1e38, std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()}) {
      embedding_of(model).slice(0, 0, kVocab / 2).fill_(value);
      const at::Tensor logits = model.forward(tokens, starts);
      ASSERT_EQ(nn::first_difference(expected, logits.slice(1, boundary)), kSeq - boundary)
          << value << ", " << where(index, program);
      overflowed += logits.slice(1, 0, boundary).isfinite().all().item<bool>() ? 0 : 1;
    }
  }
  EXPECT_GT(overflowed, kPrograms);  // of three times as many runs
}

TEST(Documents, NoGradientReachesAnotherDocument) {
  constexpr std::uint64_t kPrograms = 200;
  std::uint64_t trained = 0;
  for (std::uint64_t index = 0; index < kPrograms; ++index) {
    const space::Program program = random_program(kSeed, index);
    const Model model = model_of(program, index);
    const auto boundary = static_cast<std::int64_t>(1 + index % (kSeq - 1));
    const at::Tensor tokens = two_documents(boundary, index);
    const at::Tensor logits = model.forward(tokens, starts_at(kSeq, {{boundary}, {boundary}}));
    if (!logits.isfinite().all().item<bool>()) continue;
    logits.slice(1, boundary).logsumexp(-1).sum().backward();
    const at::Tensor grad = embedding_of(model).grad();
    const at::Tensor of_first = grad.slice(0, 0, kVocab / 2);
    ASSERT_EQ(of_first.abs().max().item<float>(), 0) << where(index, program);
    trained += grad.abs().max().item<float>() != 0 ? 1 : 0;
  }
  EXPECT_GT(trained, kPrograms / 2)
      << "a sign lets no gradient through, but few programs end in one";
}

TEST(Documents, ManyInAWindowAreEachComputedAlone) {
  const at::NoGradGuard no_grad;
  constexpr std::int64_t kLong = 40;
  for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
    Model model(architecture, {});
    model.initialise(1, 0);
    disturb(model, 0.1, 1);
    const std::vector<std::vector<std::int64_t>> begins{{1, 2, 3, 20}, {}, {39}, {7, 15, 31}};
    const at::Tensor tokens = random_tokens(4, kLong, 40, 3);
    const at::Tensor logits = model.forward(tokens, starts_at(kLong, begins));
    for (std::size_t row = 0; row < begins.size(); ++row) {
      std::vector<std::int64_t> edges{0};
      edges.insert(edges.end(), begins[row].begin(), begins[row].end());
      edges.push_back(kLong);
      for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const auto document = [&](const at::Tensor& x) {
          return x.narrow(0, static_cast<std::int64_t>(row), 1).slice(1, edges[i], edges[i + 1]);
        };
        EXPECT_TRUE(at::allclose(document(logits), model.forward(document(tokens).contiguous()),
                                 kTolerance, kTolerance))
            << "row " << row << " document " << i;
      }
    }
  }
}

TEST(Documents, LearnedPositionsCountFromTheDocumentsStart) {
  const at::NoGradGuard no_grad;
  const Model model = model_of(initial_programs()[0], 0, space::Positions::kLearned);
  const at::Tensor tokens = two_documents(5, 1);
  const at::Tensor packed = model.forward(tokens, starts_at(kSeq, {{5}, {5}})).slice(1, 5);
  const at::Tensor alone = model.forward(tokens.slice(1, 5).contiguous());
  EXPECT_TRUE(at::allclose(packed, alone, kTolerance, kTolerance));
  EXPECT_FALSE(at::allclose(model.forward(tokens).slice(1, 5), alone, kTolerance, kTolerance));
}

/// A node's value over windows of odd_dims() whose documents begin at 3, and at 1 and 5.
struct ByDocument {
  AppliedPrimitive applied;
  at::Tensor x;       ///< [2, 7, 20]
  at::Tensor starts;  ///< [2, 7] int32
  at::Tensor y;       ///< [2, 7, 20]
};

ByDocument by_document(const std::string& name, const FieldValues& fields) {
  ByDocument by{apply_primitive(name, {space::kInnerShape}, fields), {}, {}, {}};
  by.x = by.applied.inputs[0];
  by.starts = starts_at(7, {{3}, {1, 5}});
  const auto pieces =
      required(nn::cut_at_documents(by.starts, nn::PieceShapes::kFewest), "boundary");
  by.y = nn::map_pieces(pieces, by.x, [&](const at::Tensor& rows) {
    AppliedPrimitive piece = by.applied;
    piece.inputs[0] = rows;
    piece.dims.batch = rows.size(0);
    piece.dims.seq = rows.size(1);
    return piece.forward(true);
  });
  return by;
}

/// `expected` of (x of one channel, start of the document, t).
void expect_by_loop(const ByDocument& by,
                    const std::function<double(const at::Tensor&, std::int64_t, std::int64_t,
                                               std::int64_t)>& expected) {
  for (std::int64_t row = 0; row < by.x.size(0); ++row) {
    for (std::int64_t channel = 0; channel < by.x.size(2); ++channel) {
      const at::Tensor x = by.x[row].select(1, channel);
      for (std::int64_t t = 0; t < by.x.size(1); ++t) {
        const auto start = by.starts[row][t].item<std::int64_t>();
        ASSERT_NEAR(by.y[row][t][channel].item<double>(), expected(x, start, t, channel), 1e-5)
            << "row " << row << " token " << t << " channel " << channel;
      }
    }
  }
}

double at_token(const at::Tensor& x, std::int64_t t) { return x[t].item<double>(); }

TEST(Documents, AConvolutionsTapsBeforeTheStartAreZero) {
  const ByDocument by = by_document("causal_depthwise_conv", {{"width", 3}});
  const at::Tensor weight = by.applied.parameters[0];
  expect_by_loop(
      by, [&](const at::Tensor& x, std::int64_t start, std::int64_t t, std::int64_t channel) {
        double sum = 0;
        for (std::int64_t j = 0; j < 3 && t - j >= start; ++j) {
          sum += weight[channel][j].item<double>() * at_token(x, t - j);
        }
        return sum;
      });
}

TEST(Documents, AShiftBringsNothingAcrossTheStart) {
  const ByDocument by = by_document("shift_time", {{"steps", 2}});
  expect_by_loop(by, [](const at::Tensor& x, std::int64_t start, std::int64_t t, std::int64_t) {
    return t - 2 >= start ? at_token(x, t - 2) : 0.0;
  });
}

TEST(Documents, ARunningMeanBeginsAnew) {
  const ByDocument by = by_document("cumulative_mean", {});
  expect_by_loop(by, [](const at::Tensor& x, std::int64_t start, std::int64_t t, std::int64_t) {
    double sum = 0;
    for (std::int64_t i = start; i <= t; ++i) sum += at_token(x, i);
    return sum / static_cast<double>(t - start + 1);
  });
}

}  // namespace
}  // namespace nas::test

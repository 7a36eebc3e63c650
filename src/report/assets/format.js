// Numbers for people. null, which stands for a number that is not finite, is a dash.

const DASH = "\u2013";
const isNumber = (value) => typeof value === "number" && isFinite(value);

function formatValue(value, digits = 6) {
  if (!isNumber(value)) return DASH;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e9) ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
}

function formatSigned(value, digits = 3) {
  if (!isNumber(value)) return DASH;
  return (value > 0 ? "+" : value < 0 ? "\u2212" : "") + formatValue(Math.abs(value), digits);
}

function formatCount(value) {
  if (!isNumber(value)) return DASH;
  for (const [size, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size) return Number((value / size).toPrecision(3)) + " " + name;
  }
  return formatValue(value, 3);
}

function formatBytes(value) {
  if (!isNumber(value)) return DASH;
  for (const [size, name] of [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]]) {
    if (value >= size) return Number((value / size).toPrecision(3)) + " " + name;
  }
  return value + " B";
}

function formatSeconds(value) {
  if (!isNumber(value)) return DASH;
  if (value < 59.95) return Number(value.toPrecision(3)) + " s";
  const seconds = Math.round(value);
  if (seconds < 3600) return Math.floor(seconds / 60) + " min " + seconds % 60 + " s";
  const minutes = Math.round(seconds / 60);
  return Math.floor(minutes / 60) + " h " + minutes % 60 + " min";
}

/** A score with its unit: bytes and seconds scaled, counts in full, the rest with six digits. */
function formatScore(value, unit) {
  if (unit === "byte") return formatBytes(value);
  if (unit === "s") return formatSeconds(value);
  return formatValue(value) + (unit ? " " + unit : "");
}

/** "2.412 ± 0.003": the half-width decides nothing about the digits of the value. */
function formatInterval(low, high, digits = 4) {
  return isNumber(low) && isNumber(high) ? "[" + formatValue(low, digits) + ", " + formatValue(high, digits) + "]" : DASH;
}

function plural(count, word) {
  return count.toLocaleString("en-US") + " " + word + (count === 1 ? "" : "s");
}

/** "latency_us[b1,s64,...]" -> "latency_us", where that is enough for a heading. */
function shortMetric(name) {
  return name.split("[")[0];
}

/** The value below which a share of the numbers lie. */
function quantile(values, share) {
  const sorted = values.filter(isNumber).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : NaN;
}

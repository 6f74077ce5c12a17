// A CSV that a person opens in a spreadsheet: the twin of src/shelftag/catalog/spreadsheet.py,
// whose words say why. A test holds the two together.

const BEGINS = /(?<![^;\t\r\n])'*(?=[=+\-@\t\r\n＝＋－＠])/g;

/** The cell with an apostrophe before what begins like a formula. */
export const guarded = (cell) => cell.replace(BEGINS, "'$&");

/** A CSV with a header, its texts guarded (the names of columns too: they are the input's), all
 * quoted, and a byte order mark. */
export function spreadsheetCsv(columns, rows) {
  const lines = [columns, ...rows].map((row) => row.map(quoted).join(","));
  return `\ufeff${lines.join("\n")}\n`;
}

function quoted(cell) {
  const text = typeof cell === "string" ? guarded(cell) : String(cell ?? "");
  return `"${text.replaceAll('"', '""')}"`;
}

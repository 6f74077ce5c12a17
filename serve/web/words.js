// Numbers as they are read.

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SHARE = new Intl.NumberFormat("en-US", { style: "percent" });
const FINE = new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 1 });

/** 1,234, or "1,234 rows". */
export const number = (count, what = "") =>
  what ? `${WHOLE.format(count)} ${what}${count === 1 ? "" : "s"}` : WHOLE.format(count);

/** 87%; never 100% of what is less, nor 0% of what is more. */
export function percent(share) {
  if (share > 0 && share < 0.01) return "<1%";
  return SHARE.format(share < 1 ? Math.min(share, 0.99) : 1);
}

/** 87.2% */
export const finePercent = (share) => FINE.format(share);

/** Quadratic weighted kappa of pairs of grades 0–4; null where it is undefined. The plain formula, by hand, so that it is not the service's own. */
export function kappa(pairs) {
  const n = pairs.length
  let observed = 0
  let expected = 0
  for (const [a, b] of pairs) observed += (a - b) ** 2 / n
  for (const [a] of pairs) for (const [, b] of pairs) expected += (a - b) ** 2 / n / n
  return expected === 0 ? null : 1 - observed / expected
}

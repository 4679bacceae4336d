// `sosfilt` as a board computes it: ulab's recursion with every operation rounded to single precision.
//
// Registered as the module _single_sosfilt; standin/_single.py calls it with addresses. Numbers in memory are double.
const {fround} = Math;

export const sosfilt = (memory) => (coefficients, sections, states, samples, count) => {
  const x = new Float64Array(memory(), samples, count);
  for (let section = 0; section < sections; section++) {
    const [b0, b1, b2, , a1, a2] = new Float64Array(memory(), coefficients + 48 * section, 6).map(fround);
    const state = new Float64Array(memory(), states + 16 * section, 2);
    let [s0, s1] = state.map(fround);
    for (let n = 0; n < count; n++) {
      const input = fround(x[n]);
      const output = fround(fround(b0 * input) + s0);
      s0 = fround(fround(s1 + fround(b1 * input)) - fround(a1 * output));
      s1 = fround(fround(b2 * input) - fround(a2 * output));
      x[n] = output;
    }
    state[0] = s0;
    state[1] = s1;
  }
};

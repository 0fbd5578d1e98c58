// Asks @uniswap/v3-sdk for quotes: one JSON request a line on standard input, one JSON answer a line on standard output.
// A request has the pool's fee, square-root price, liquidity, tick and initialised ticks, and a question; an answer is
// [amount, price after it], or {"error": "..."}.
const { Token, CurrencyAmount } = require("@uniswap/sdk-core");
const { Pool } = require("@uniswap/v3-sdk");
const readline = require("readline");

const tokens = ["0x" + "11".repeat(20), "0x" + "22".repeat(20)].map((address) => new Token(1, address, 18));

async function answer({ fee, price, liquidity, tick, ticks, zeroForOne, exactInput, amount }) {
  const known = ticks.map(([index, liquidityGross, liquidityNet]) => ({ index, liquidityGross, liquidityNet }));
  const pool = new Pool(tokens[0], tokens[1], fee, price, liquidity, tick, known);
  const paid = zeroForOne ? tokens[0] : tokens[1];
  const got = zeroForOne ? tokens[1] : tokens[0];
  const [found, after] = exactInput
    ? await pool.getOutputAmount(CurrencyAmount.fromRawAmount(paid, amount))
    : await pool.getInputAmount(CurrencyAmount.fromRawAmount(got, amount));
  return [found.quotient.toString(), after.sqrtRatioX96.toString()];
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    try {
      console.log(JSON.stringify(await answer(JSON.parse(line))));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error.message) }));
    }
  }
})();

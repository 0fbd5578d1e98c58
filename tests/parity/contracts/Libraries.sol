// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;
pragma abicoder v2;

import "libraries/BitMath.sol";
import "libraries/FullMath.sol";
import "libraries/LiquidityMath.sol";
import "libraries/Position.sol";
import "libraries/SqrtPriceMath.sol";
import "libraries/SwapMath.sol";
import "libraries/Tick.sol";
import "libraries/TickBitmap.sol";
import "libraries/TickMath.sol";
import "libraries/UnsafeMath.sol";

/// The functions of the v3 core's libraries, callable from outside: what the function vectors ask. The oracle and the update
/// of a tick are in `Observations.sol`.
contract Libraries {
    using Position for Position.Info;
    using Tick for mapping(int24 => Tick.Info);
    using TickBitmap for mapping(int16 => uint256);

    mapping(int16 => uint256) private words;
    mapping(int24 => Tick.Info) private ticks;
    Position.Info private position;

    function priceAtTick(int24 tick) external pure returns (uint160) {
        return TickMath.getSqrtRatioAtTick(tick);
    }

    function tickAtPrice(uint160 price) external pure returns (int24) {
        return TickMath.getTickAtSqrtRatio(price);
    }

    function mulDiv(uint256 a, uint256 b, uint256 d) external pure returns (uint256) {
        return FullMath.mulDiv(a, b, d);
    }

    function mulDivUp(uint256 a, uint256 b, uint256 d) external pure returns (uint256) {
        return FullMath.mulDivRoundingUp(a, b, d);
    }

    function divUp(uint256 a, uint256 d) external pure returns (uint256) {
        return UnsafeMath.divRoundingUp(a, d);
    }

    function addDelta(uint128 x, int128 y) external pure returns (uint128) {
        return LiquidityMath.addDelta(x, y);
    }

    function highestBit(uint256 x) external pure returns (uint8) {
        return BitMath.mostSignificantBit(x);
    }

    function lowestBit(uint256 x) external pure returns (uint8) {
        return BitMath.leastSignificantBit(x);
    }

    function nextPriceFromAmount0(uint160 price, uint128 liquidity, uint256 amount, bool add) external pure returns (uint160) {
        return SqrtPriceMath.getNextSqrtPriceFromAmount0RoundingUp(price, liquidity, amount, add);
    }

    function nextPriceFromAmount1(uint160 price, uint128 liquidity, uint256 amount, bool add) external pure returns (uint160) {
        return SqrtPriceMath.getNextSqrtPriceFromAmount1RoundingDown(price, liquidity, amount, add);
    }

    function nextPriceFromInput(uint160 price, uint128 liquidity, uint256 amount, bool zeroForOne) external pure returns (uint160) {
        return SqrtPriceMath.getNextSqrtPriceFromInput(price, liquidity, amount, zeroForOne);
    }

    function nextPriceFromOutput(uint160 price, uint128 liquidity, uint256 amount, bool zeroForOne) external pure returns (uint160) {
        return SqrtPriceMath.getNextSqrtPriceFromOutput(price, liquidity, amount, zeroForOne);
    }

    function amount0Delta(uint160 a, uint160 b, uint128 liquidity, bool up) external pure returns (uint256) {
        return SqrtPriceMath.getAmount0Delta(a, b, liquidity, up);
    }

    function amount1Delta(uint160 a, uint160 b, uint128 liquidity, bool up) external pure returns (uint256) {
        return SqrtPriceMath.getAmount1Delta(a, b, liquidity, up);
    }

    function amount0DeltaSigned(uint160 a, uint160 b, int128 liquidity) external pure returns (int256) {
        return SqrtPriceMath.getAmount0Delta(a, b, liquidity);
    }

    function amount1DeltaSigned(uint160 a, uint160 b, int128 liquidity) external pure returns (int256) {
        return SqrtPriceMath.getAmount1Delta(a, b, liquidity);
    }

    function swapStep(uint160 price, uint160 target, uint128 liquidity, int256 remaining, uint24 fee)
        external
        pure
        returns (uint160, uint256, uint256, uint256)
    {
        return SwapMath.computeSwapStep(price, target, liquidity, remaining, fee);
    }

    /// The bitmap holds nothing but the one word that the search will read.
    function nextInitializedTick(int24 tick, int24 spacing, bool lte, uint256 word) external returns (int24, bool) {
        words[wordOf(tick, spacing, lte)] = word;
        return words.nextInitializedTickWithinOneWord(tick, spacing, lte);
    }

    function flipTick(int24 tick, int24 spacing, uint256 word) external returns (uint256) {
        int16 at = wordOf(tick, spacing, true);
        words[at] = word;
        words.flipTick(tick, spacing);
        return words[at];
    }

    function wordOf(int24 tick, int24 spacing, bool lte) private pure returns (int16) {
        int24 compressed = tick / spacing;
        if (tick < 0 && tick % spacing != 0) compressed--;
        return int16((lte ? compressed : compressed + 1) >> 8);
    }

    function maxLiquidityPerTick(int24 spacing) external pure returns (uint128) {
        return Tick.tickSpacingToMaxLiquidityPerTick(spacing);
    }

    /// `outside` are the fee growths outside: of the lower tick (0, 1), of the upper tick (0, 1), and global (0, 1).
    function feeGrowthInside(int24 lower, int24 upper, int24 current, uint256[6] calldata outside) external returns (uint256, uint256) {
        ticks[lower].feeGrowthOutside0X128 = outside[0];
        ticks[lower].feeGrowthOutside1X128 = outside[1];
        ticks[upper].feeGrowthOutside0X128 = outside[2];
        ticks[upper].feeGrowthOutside1X128 = outside[3];
        return ticks.getFeeGrowthInside(lower, upper, current, outside[4], outside[5]);
    }

    function crossTick(
        Tick.Info calldata before,
        uint256[2] calldata global,
        uint160 secondsPerLiquidity,
        int56 tickCumulative,
        uint32 time
    ) external returns (int128 net, Tick.Info memory info) {
        ticks[0] = before;
        net = ticks.cross(0, global[0], global[1], secondsPerLiquidity, tickCumulative, time);
        info = ticks[0];
    }

    function updatePosition(Position.Info calldata before, int128 delta, uint256 inside0, uint256 inside1)
        external
        returns (Position.Info memory)
    {
        position = before;
        position.update(delta, inside0, inside1);
        return position;
    }
}

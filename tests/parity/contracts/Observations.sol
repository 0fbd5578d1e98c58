// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;
pragma abicoder v2;

import "libraries/Oracle.sol";
import "libraries/Tick.sol";

/// The oracle's functions and the update of a tick, callable from outside, over a ring and a tick that come with the call.
/// The oracle's private functions are called too: its source is given to the compiler with `internal` in their place.
contract Observations {
    using Oracle for Oracle.Observation[65535];
    using Tick for mapping(int24 => Tick.Info);

    Oracle.Observation[65535] private ring;
    mapping(int24 => Tick.Info) private ticks;

    function put(Oracle.Observation[6] calldata before) private {
        for (uint256 i = 0; i < 6; i++) ring[i] = before[i];
    }

    function got() private view returns (Oracle.Observation[6] memory found) {
        for (uint256 i = 0; i < 6; i++) found[i] = ring[i];
    }

    function transform(Oracle.Observation calldata last, uint32 time, int24 tick, uint128 liquidity) external pure returns (Oracle.Observation memory) {
        return Oracle.transform(last, time, tick, liquidity);
    }

    function lte(uint32 time, uint32 a, uint32 b) external pure returns (bool) {
        return Oracle.lte(time, a, b);
    }

    function write(Oracle.Observation[6] calldata before, uint16 index, uint32 time, int24 tick, uint128 liquidity, uint16 cardinality, uint16 next)
        external
        returns (uint16 place, uint16 length, Oracle.Observation[6] memory found)
    {
        put(before);
        (place, length) = ring.write(index, time, tick, liquidity, cardinality, next);
        found = got();
    }

    function grow(Oracle.Observation[6] calldata before, uint16 current, uint16 next) external returns (uint16 length, Oracle.Observation[6] memory found) {
        put(before);
        length = ring.grow(current, next);
        found = got();
    }

    function observe(Oracle.Observation[6] calldata before, uint32 time, uint32 ago, int24 tick, uint16 index, uint128 liquidity, uint16 cardinality)
        external
        returns (int56, uint160)
    {
        put(before);
        return ring.observeSingle(time, ago, tick, index, liquidity, cardinality);
    }

    function surrounding(Oracle.Observation[6] calldata before, uint32 time, uint32 target, int24 tick, uint16 index, uint128 liquidity, uint16 cardinality)
        external
        returns (Oracle.Observation memory, Oracle.Observation memory)
    {
        put(before);
        return ring.getSurroundingObservations(time, target, tick, index, liquidity, cardinality);
    }

    struct Totals {
        uint256 growth0;
        uint256 growth1;
        uint160 secondsPerLiquidity;
        int56 tickCumulative;
        uint32 time;
        uint128 most;
    }

    /// `places` are the tick and the current tick.
    function update(Tick.Info calldata before, int24[2] calldata places, bool upper, int128 delta, Totals calldata totals)
        external
        returns (bool flipped, Tick.Info memory info)
    {
        ticks[places[0]] = before;
        flipped = ticks.update(
            places[0], places[1], delta, totals.growth0, totals.growth1, totals.secondsPerLiquidity,
            totals.tickCumulative, totals.time, upper, totals.most
        );
        info = ticks[places[0]];
    }
}

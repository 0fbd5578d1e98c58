// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;

interface IMoves {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// A trader and liquidity provider of a pool, who pays in the callbacks what the data of the call tells it to:
/// what it owes, more, less, or only after it has tried to enter the pool again.
contract Driver {
    address private immutable token0;
    address private immutable token1;

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    /// Many calls in one: an entry is the target (20 bytes), a length (4 bytes) and the calldata; an answer is one byte
    /// that says whether the call succeeded, a length (4 bytes) and what it returned. A call that fails fails alone, and
    /// has a thousand million gas: an invalid opcode burns all of what it is given.
    function batch(bytes calldata entries) external {
        assembly {
            let place := entries.offset
            let end := add(place, entries.length)
            let start := mload(0x40)
            let out := start
            for {} lt(place, end) {} {
                let head := calldataload(place)
                let size := and(shr(64, head), 0xffffffff)
                place := add(place, 24)
                calldatacopy(out, place, size)
                place := add(place, size)
                let success := call(1000000000, shr(96, head), 0, out, size, 0, 0)
                size := returndatasize()
                mstore8(out, success)
                mstore(add(out, 1), shl(224, size))
                returndatacopy(add(out, 5), 0, size)
                out := add(add(out, 5), size)
            }
            return(start, sub(out, start))
        }
    }

    /// The code of another contract run as if it were ours: what the pools refuse.
    function borrow(address code, bytes calldata payload) external {
        (bool success, bytes memory answer) = code.delegatecall(payload);
        finish(success, answer);
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata data) external {
        settle(int256(owed0), int256(owed1), data);
    }

    function uniswapV3SwapCallback(int256 owed0, int256 owed1, bytes calldata data) external {
        settle(owed0, owed1, data);
    }

    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        settle(int256(fee0), int256(fee1), data);
    }

    function pancakeV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata data) external {
        settle(int256(owed0), int256(owed1), data);
    }

    function pancakeV3SwapCallback(int256 owed0, int256 owed1, bytes calldata data) external {
        settle(owed0, owed1, data);
    }

    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        settle(int256(fee0), int256(fee1), data);
    }

    function uniswapV2Call(address, uint256, uint256, bytes calldata data) external {
        settle(0, 0, data);
    }

    /// Pays what is owed plus what the data adds to it (it may be negative); without data it pays exactly.
    function settle(int256 owed0, int256 owed1, bytes calldata data) private {
        if (data.length > 0) {
            (int256 more0, int256 more1, bool insist, bytes memory again) = abi.decode(data, (int256, int256, bool, bytes));
            owed0 += more0;
            owed1 += more1;
            if (again.length > 0) {
                (bool success, bytes memory answer) = msg.sender.call(again);
                if (insist) finish(success, answer);
            }
        }
        if (owed0 > 0) IMoves(token0).transfer(msg.sender, uint256(owed0));
        if (owed1 > 0) IMoves(token1).transfer(msg.sender, uint256(owed1));
    }

    function finish(bool success, bytes memory answer) private pure {
        assembly {
            if iszero(success) {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}

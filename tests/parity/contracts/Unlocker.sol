// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
}

interface IManager {
    function unlock(bytes calldata data) external returns (bytes memory);

    function sync(address currency) external;

    function settle() external payable returns (uint256);

    function take(address currency, address to, uint256 amount) external;
}

/// A trader and liquidity provider of v4's manager: unlocks it, makes one call, and settles what the call owes, or
/// more, or less.
contract Unlocker {
    IManager private immutable manager;
    address private immutable token0;
    address private immutable token1;

    constructor(address manager_, address token0_, address token1_) {
        manager = IManager(manager_);
        token0 = token0_;
        token1 = token1_;
    }

    /// Makes the call with the manager unlocked; returns what the call returned. `more` is added to what is paid of
    /// each token.
    function run(bytes calldata payload, int256 more0, int256 more1) external {
        bytes memory answer = manager.unlock(abi.encode(payload, more0, more1));
        assembly {
            return(add(answer, 32), mload(answer))
        }
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory answer) {
        (bytes memory payload, int256 more0, int256 more1) = abi.decode(data, (bytes, int256, int256));
        bool success;
        (success, answer) = address(manager).call(payload);
        if (!success) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        // Both amounts of a call stand in one word: token 0 in the upper half, negative when the caller owes it.
        int256 delta = abi.decode(answer, (int256));
        settle(token0, delta >> 128, more0);
        settle(token1, int256(int128(delta)), more1);
    }

    function settle(address token, int256 delta, int256 more) private {
        if (delta > 0) {
            manager.take(token, address(this), uint256(delta));
        } else if (more - delta > 0) {
            manager.sync(token);
            IToken(token).transfer(address(manager), uint256(more - delta));
            manager.settle();
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.7.6;

/// As much of an ERC-20 token as a pool needs: balances, and transfers that fail without one. It can be told to
/// misbehave, because the pools check what a token answers.
contract Token {
    mapping(address => uint256) private balances;
    // 0 behaves; 1 transfers and returns nothing; 2 returns false; 3 reverts when asked for a balance; 4 answers that
    // with less than a word; 5 transfers and returns less than a word; 6 answers with nothing when asked for a balance.
    uint256 private mood;

    function grant(address to, uint256 amount) external {
        balances[to] = amount;
    }

    function setMood(uint256 mood_) external {
        mood = mood_;
    }

    function balanceOf(address owner) external view returns (uint256) {
        require(mood != 3, "MOOD");
        if (mood == 4) {
            assembly {
                return(0, 16)
            }
        }
        if (mood == 6) {
            assembly {
                return(0, 0)
            }
        }
        return balances[owner];
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        uint256 balance = balances[msg.sender];
        require(balance >= amount, "BALANCE");
        balances[msg.sender] = balance - amount;
        balances[to] += amount;
        if (mood == 1) {
            assembly {
                return(0, 0)
            }
        }
        if (mood == 5) {
            assembly {
                return(0, 16)
            }
        }
        return mood != 2;
    }
}

"""The numbers of SeededRandomTests: SplitMix64 seeding and xoshiro256** after https://prng.di.unimi.it, in plain Python."""
M = (1 << 64) - 1


def splitmix64(state):
    state = (state + 0x9E3779B97F4A7C15) & M
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return state, z ^ (z >> 31)


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & M


state, s = 0, []
for _ in range(4):
    state, z = splitmix64(state)
    s.append(z)
for _ in range(3):
    print((rotl((s[1] * 5) & M, 7) * 9) & M)
    t = (s[1] << 17) & M
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = rotl(s[3], 45)

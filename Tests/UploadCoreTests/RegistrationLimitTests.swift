import Testing
import UploadTestSupport

@testable import UploadCore

/// How often tasks may be registered.
@Suite struct RegistrationLimitTests {
    // MARK: One limiter

    @Test(arguments: [1, 2, 3, 7, 1000]) func asManyAtOnceAsASecondAndThenOneByOne(rate: Int) {
        var limiter = RateLimiter<String>(rate: rate, capacity: 10)
        for _ in 0..<rate { #expect(limiter.take("a", at: .seconds(5)) == nil) }
        let wait = limiter.take("a", at: .seconds(5)) ?? .zero
        #expect(abs((wait * rate - .seconds(1)).components.attoseconds) < 1_000_000_000, "to the nanosecond")
        #expect(limiter.take("a", at: .seconds(5)) == wait, "being refused costs nothing")
        let next = Duration.seconds(5) + .seconds(1) / rate
        #expect(limiter.take("a", at: next - .nanoseconds(2)) != nil)
        #expect(limiter.take("a", at: next) == nil)
        #expect(limiter.take("a", at: next) != nil)
        for _ in 0..<rate { #expect(limiter.take("a", at: .seconds(60)) == nil) }
        #expect(limiter.take("a", at: .seconds(60)) != nil, "quiet times are not saved up")
    }

    @Test func keysDoNotShare() {
        var limiter = RateLimiter<String>(rate: 1, capacity: 10)
        #expect(limiter.take("a", at: .zero) == nil)
        #expect(limiter.take("b", at: .zero) == nil)
        #expect(limiter.take("a", at: .zero) == .seconds(1))
    }

    /// Forgetting a key must not give it anything.
    @Test func itIsTheSameAsRememberingEverything() {
        var generator = SeededGenerator(seed: 11)
        var limiter = RateLimiter<Int>(rate: 4, capacity: 1000)
        // The same by the book: a bucket that holds one second, gains as time goes, and pays a quarter each.
        var buckets: [Int: (level: Duration, at: Duration)] = [:]
        var now = Duration.zero
        var refused = 0
        for _ in 0..<20_000 {
            now += .milliseconds(Int.random(in: 0...40, using: &generator))
            let key = Int.random(in: 0..<9, using: &generator)
            let bucket = buckets[key] ?? (.seconds(1), now)
            let level = min(.seconds(1), bucket.level + (now - bucket.at))
            let pays = level >= .milliseconds(250)
            #expect((limiter.take(key, at: now) == nil) == pays)
            buckets[key] = (pays ? level - .milliseconds(250) : level, now)
            if !pays { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test func itsMemoryIsBounded() {
        var limiter = RateLimiter<Int>(rate: 1, capacity: 100)
        for key in 0..<10_000 {
            #expect(limiter.take(key, at: .milliseconds(key / 1000)) == nil)
            #expect(limiter.count <= 100)
        }
        #expect(limiter.take(9_999, at: .milliseconds(10)) != nil)
        #expect(limiter.take(1, at: .seconds(3)) == nil)
        _ = limiter.take(1, at: .seconds(5))
        #expect(limiter.count <= 2, "who is quiet is forgotten")
    }

    // MARK: The use case

    private func refusal(_ body: () async throws -> Void) async -> UploadError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? UploadError
        }
    }

    @Test func aTokenHasItsAllowance() async throws {
        let surroundings = FakeSurroundings(rates: (perToken: 2, perAddress: nil))
        for byte in 0..<2 { _ = try await surroundings.register([UInt8(byte)]) }
        let error = await refusal { _ = try await surroundings.register([9]) }
        #expect(error?.code == .busy && error?.retryAfter == 1)
        #expect(error?.message == "too many registrations with this token, at most 2 a second")
        let stranger = await refusal {
            _ = try await surroundings.service.register(token: "wrong") { _ throws(UploadError) in throw .noSuchTask }
        }
        #expect(stranger?.code == .unauthorised, "a wrong token has no allowance to use up")
        surroundings.clock.advance(by: .milliseconds(500))
        _ = try await surroundings.register([9])
        let again = await refusal { _ = try await surroundings.register([8]) }
        #expect(again?.code == .busy)
    }

    @Test func anAddressHasItsAllowance() async throws {
        let surroundings = FakeSurroundings(rates: (perToken: nil, perAddress: 1))
        let service = surroundings.service
        func admit(_ text: String) async -> UploadError? {
            await refusal {
                let address = try #require(IPAddress(text))
                try service.admitRegistration(from: address)
            }
        }
        #expect(await admit("192.0.2.1") == nil)
        let error = await admit("192.0.2.1")
        #expect(error?.code == .busy && error?.retryAfter == 1)
        #expect(error?.message == "too many registrations from this address, at most 1 a second")
        #expect(await admit("::ffff:192.0.2.1") != nil, "the same address")
        #expect(await admit("192.0.2.2") == nil)
        #expect(await admit("2001:db8:0:1::1") == nil)
        #expect(await admit("2001:db8:0:1:ffff::2") != nil, "one network of 64 bits")
        #expect(await admit("2001:db8:0:2::1") == nil)
        let unknown = await refusal { for _ in 0..<5 { try service.admitRegistration(from: nil) } }
        #expect(unknown == nil)
        surroundings.clock.advance(by: .seconds(1))
        #expect(await admit("192.0.2.1") == nil)
    }

    @Test func withoutLimitsNothingIsCounted() async throws {
        let surroundings = FakeSurroundings()
        let address = try #require(IPAddress("192.0.2.1"))
        for byte in 0..<200 {
            try surroundings.service.admitRegistration(from: address)
            _ = try await surroundings.register([UInt8(byte)])
        }
    }

    @Test(arguments: [
        (Duration.nanoseconds(1), 1), (.milliseconds(999), 1), (.seconds(1), 1), (.milliseconds(1001), 2),
        (.seconds(30), 30),
    ])
    func waitsAreRoundedUp(wait: Duration, seconds: Int) {
        #expect(UploadError.tooOften("", wait: wait).retryAfter == seconds)
    }
}

import Hummingbird
import Testing

@testable import AdminHTTP

/// Who may ask.
@Suite struct AdminGuardTests {
    private typealias Guard = AdminGuard<BasicRequestContext>

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:9090", "127.8.7.6:1", "localhost", "LocalHost:9090", "[::1]", "[::1]:9090",
    ])
    func namesOfThisMachine(name: String) {
        #expect(Guard.isLoopback(name))
    }

    @Test(arguments: [
        "", "evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "127.evil", "127.0.0", "127.0.0.256", "10.0.0.1",
        "[::2]", "::1", "127.0.0.1@evil.test",
    ])
    func otherNames(name: String) {
        #expect(!Guard.isLoopback(name))
    }

    @Test func tokensAreEqualOnlyWhenTheyAre() {
        #expect(Guard.equal("Bearer abc", "Bearer abc"))
        for other in ["", "Bearer ab", "Bearer abcd", "Bearer abC", "Bearer abcBearer abc", "bearer abc"] {
            #expect(!Guard.equal(other, "Bearer abc"), "\(other)")
            #expect(!Guard.equal("Bearer abc", other), "\(other)")
        }
        #expect(Guard.equal("", ""))
    }
}

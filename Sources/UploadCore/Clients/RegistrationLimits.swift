import Synchronization

/// How often tasks may be registered: by one business server, and from one address whatever it says.
public final class RegistrationLimits: Sendable {
    /// Some megabytes when full.
    private static let rememberedAddresses = 65_536

    private struct State {
        var addresses: RateLimiter<IPNetwork>?
        var businessServers: RateLimiter<String>?
    }

    private let perToken: Int
    private let perAddress: Int
    private let clock: any ServiceClock
    private let state: Mutex<State>

    /// - Parameters:
    ///   - perToken: registrations a second and business server, and as many at once; `nil` for no limit.
    ///   - perAddress: the same for each client address; one network of 64 bits is one address in IPv6, which hands
    ///     out no less.
    public init(perToken: Int?, perAddress: Int?, clock: any ServiceClock) {
        self.perToken = perToken ?? 0
        self.perAddress = perAddress ?? 0
        self.clock = clock
        state = Mutex(
            State(
                addresses: perAddress.map { RateLimiter(rate: $0, capacity: Self.rememberedAddresses) },
                // There are no more of them than the configuration names.
                businessServers: perToken.map { RateLimiter(rate: $0, capacity: .max) }))
    }

    /// - Parameter address: `nil` where there is none, which is no limit.
    /// - Throws: `busy`, with the time to wait, when the address has used up its allowance.
    func admit(address: IPAddress?) throws(UploadError) {
        guard let address else { return }
        let key = IPNetwork(of: address, prefix: address.width == 128 ? 64 : 32)
        let wait = state.withLock { $0.addresses?.take(key, at: clock.uptime) }
        if let wait {
            throw .tooOften("too many registrations from this address, at most \(perAddress) a second", wait: wait)
        }
    }

    /// - Throws: `busy`, with the time to wait, when the business server has used up its allowance.
    func admit(businessServer identity: String) throws(UploadError) {
        let wait = state.withLock { $0.businessServers?.take(identity, at: clock.uptime) }
        if let wait {
            throw .tooOften("too many registrations with this token, at most \(perToken) a second", wait: wait)
        }
    }
}

import Foundation

/// How long a soak lasts, and how hard it is.
public struct SoakPlan: Sendable {
    /// Where all that is random comes from. It repeats what is done, not when.
    public var seed: UInt64
    /// Clients at once.
    public var clients: Int
    /// The first phase, with every trouble.
    public var trouble: Duration
    /// The last part of it, in which the server is not killed, so that one process meets all the others; none in a plan
    /// that is too short for it to show whether that grows.
    public var unkilled: Duration
    /// The second one, without trouble, in which the server gets as large as it has to.
    public var warmUp: Duration
    /// The third one, in which it must not grow.
    public var quiet: Duration
    /// After how long without a block an upload times out.
    public var idleTimeout: Duration
    /// Between two deaths of the server, in seconds.
    public var killPause: ClosedRange<Double>
    /// Between two troubles of the clock, the disk and the receiver each, in seconds.
    public var troublePause: ClosedRange<Double>
    /// How long a trouble lasts, and how long the server stays down at most, in seconds.
    public var spell: ClosedRange<Double>

    /// Three quarters of the minutes with trouble, one without.
    public init(minutes: Double, seed: UInt64, clients: Int = 200) {
        let seconds = minutes * 60
        self.seed = seed
        self.clients = clients
        trouble = .seconds(seconds * 0.75)
        unkilled = minutes >= 5 ? trouble / 3 : .zero
        warmUp = .seconds(seconds * 0.08)
        quiet = .seconds(seconds * 0.17)
        idleTimeout = .seconds(10)
        killPause = 5...20
        troublePause = 3...10
        spell = 0.3...2
    }

    /// A few seconds of the same.
    public static func short(seed: UInt64) -> SoakPlan {
        var plan = SoakPlan(minutes: 0, seed: seed, clients: 40)
        (plan.trouble, plan.warmUp, plan.quiet) = (.seconds(6), .seconds(1), .seconds(1))
        plan.idleTimeout = .seconds(3)
        (plan.killPause, plan.troublePause, plan.spell) = (0.2...0.8, 0.3...1.2, 0.1...0.4)
        return plan
    }

    /// As the environment asks for: SOAK_MINUTES (the short form without), SOAK_SEED (a random one without),
    /// SOAK_CLIENTS.
    public static func fromEnvironment() -> SoakPlan {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SOAK_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        var plan =
            environment["SOAK_MINUTES"].flatMap { Double($0) }.map { SoakPlan(minutes: $0, seed: seed) }
            ?? .short(seed: seed)
        if let clients = environment["SOAK_CLIENTS"].flatMap({ Int($0) }) { plan.clients = clients }
        return plan
    }
}

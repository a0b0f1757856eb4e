import Foundation

/// Many clients and every trouble at once for a long time, and then the account of it.
public enum Soak {
    /// How much larger in memory a server may be at the end of the quiet phase than at its beginning. Under trouble, where
    /// it does more of what it seldom does, twice as much.
    public static let allowance = 16 << 20

    /// What came out.
    public struct Report: Sendable {
        /// Everything that was not as it has to be.
        public var problems: [String]
        /// One line.
        public var summary: String
    }

    /// Runs it.
    ///
    /// - Parameters:
    ///   - bed: with a server that was not started yet.
    ///   - shim: in that server.
    public static func run(_ plan: SoakPlan, _ bed: TestBed, _ shim: FaultShim) async throws -> Report {
        let begin = ContinuousClock.now
        let world = SoakWorld(bed, shim, plan)
        try await world.start()
        let sampler = Task {
            while !Task.isCancelled {
                if let use = world.use { world.ledger.sample(use) }
                try await Task.sleep(for: .seconds(1))
            }
        }
        defer { sampler.cancel() }

        var growth: [SoakGrowth] = []
        try await world.runTroubled(phase: 1, for: plan.trouble - plan.unkilled, kills: true)
        if plan.unkilled > .zero {
            // It gets as large as it has to first.
            try await world.runTroubled(phase: 2, for: plan.unkilled / 3, kills: false)
            growth.append(
                try await world.growth("under trouble", allowing: allowance * 2) {
                    try await world.runTroubled(phase: 3, for: plan.unkilled * 2 / 3, kills: false)
                })
        }
        world.isTroubled = false
        let exit = try await bed.server.terminate()
        if exit != .code(0) { world.ledger.complain("the server ended with \(exit, default: "-")") }
        try await world.start()

        try await world.runClients(phase: 4, until: .now + plan.warmUp)
        growth.append(
            try await world.growth("in the quiet phase", allowing: allowance) {
                try await world.runClients(phase: 5, until: .now + plan.quiet)
            })

        let open = try await world.settle()
        try await world.survivor.lookAll()
        let account = try await SoakAccount(world)
        let unaccounted = try await account.problems() + open
        let doctor = try await bed.server.doctor(within: .seconds(1200))
        if doctor.exit != .code(0) { world.ledger.complain("\(doctor)") }
        if let exit = bed.server.process?.output.value.exit {
            world.ledger.complain("the server ended by itself: \(exit)")
        }
        let (lost, ledger) = (world.survivor.lost, world.ledger)
        for count in SoakLedger.Count.required where ledger.number(of: count) == 0 {
            ledger.complain("no \(count.rawValue): nothing was shown about them")
        }
        var parts = [
            "soak: \(minutes(begin.duration(to: .now))) minutes, seed \(plan.seed), \(plan.clients) clients",
            "\(ledger.entries.count) uploads by outcome \(list(account.outcomes))",
            "\(world.survivor.acknowledgements) blocks acknowledged", "\(ledger.callbacks) callbacks received",
            counts(ledger), "\(lost.count) lost", "\(unaccounted.count) unaccounted",
            "\(ledger.complaints.count) other complaints",
        ]
        parts += growth.map(\.description)
        parts.append("at most \(ledger.peak.descriptors) descriptors, \(ledger.peak.resident >> 20) MiB")
        return Report(
            problems: ledger.complaints + lost + unaccounted + growth.flatMap(\.problems),
            summary: parts.joined(separator: "; "))
    }

    private static func counts(_ ledger: SoakLedger) -> String {
        SoakLedger.Count.allCases.map { "\(ledger.number(of: $0)) \($0.rawValue)" }.joined(separator: ", ")
    }

    private static func list(_ outcomes: [String: Int]) -> String {
        outcomes.sorted { $0.key > $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }

    private static func minutes(_ duration: Duration) -> String {
        String(format: "%.1f", duration / .seconds(60))
    }
}

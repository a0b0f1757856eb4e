import Foundation

/// Many clients and every trouble at once for a long time, and then the account of it.
public enum Soak {
    /// How much larger in memory a server may be at the end of the quiet phase than at its beginning.
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
        let troubles = try SoakTroubles(world, until: .now + plan.trouble)
        try await world.start()
        let sampler = Task {
            while !Task.isCancelled {
                if let use = world.use { world.ledger.sample(use) }
                try await Task.sleep(for: .seconds(1))
            }
        }
        defer { sampler.cancel() }

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await troubles.run() }
            group.addTask { try await world.runClients(phase: 1, until: .now + plan.trouble) }
            try await group.waitForAll()
        }
        world.isTroubled = false
        let exit = try await bed.server.terminate()
        if exit != .code(0) { world.ledger.complain("the server ended with \(exit, default: "-")") }
        try await world.start()

        try await world.runClients(phase: 2, until: .now + plan.warmUp)
        let before = try await world.idleUse()
        try await world.runClients(phase: 3, until: .now + plan.quiet)
        let after = try await world.idleUse()
        var growth: [String] = []
        if before.descriptors != after.descriptors {
            growth.append("descriptors when idle: \(before.descriptors), later \(after.descriptors)")
        }
        if after.resident > before.resident + allowance { growth.append("memory: \(before), later \(after)") }

        let open = try await world.settle()
        let account = try await SoakAccount(world)
        let unaccounted = try await account.problems() + open
        let doctor = try await bed.server.doctor(within: .seconds(1200))
        if doctor.exit != .code(0) { growth.append("\(doctor)") }
        if let exit = bed.server.process?.output.value.exit { growth.append("the server ended by itself: \(exit)") }
        let lost = world.survivor.lost
        let ledger = world.ledger
        return Report(
            problems: ledger.complaints + lost + unaccounted + growth,
            summary: summary(
                [
                    "soak: \(minutes(begin.duration(to: .now))) minutes, seed \(plan.seed), \(plan.clients) clients",
                    "\(ledger.entries.count) uploads by outcome \(list(account.outcomes))",
                    "\(world.survivor.acknowledgements) blocks acknowledged",
                    "\(ledger.callbacks) callbacks received",
                    counts(ledger), "\(lost.count) lost", "\(unaccounted.count) unaccounted",
                    "\(ledger.complaints.count) other complaints",
                    "idle at the beginning of the quiet phase: \(before), at its end: \(after)",
                    "at most \(ledger.peak.descriptors) descriptors, \(ledger.peak.resident >> 20) MiB",
                ]))
    }

    private static func summary(_ parts: [String]) -> String { parts.joined(separator: "; ") }

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

extension SoakWorld {
    /// What is not closed, or not called back.
    private static let unsettled =
        "SELECT id || ' is ' || state FROM tasks WHERE closed_at IS NULL"
        + " UNION ALL SELECT task_id || ' is not called back' FROM callbacks WHERE state <> 'delivered'"

    private static let finishing = "SELECT count(*) FROM tasks WHERE state IN ('verifying', 'publishing')"

    /// What the server that runs holds.
    fileprivate var use: ProcessUse? { server.process.flatMap { ProcessUse(of: $0.pid) } }

    /// All clients, until that time and until they have brought their last uploads to an end.
    fileprivate func runClients(phase: Int, until end: ContinuousClock.Instant) async throws {
        let world = self
        try await HTTP.withOwnConnections(upTo: plan.clients * 4) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<world.plan.clients {
                    group.addTask {
                        var client = SoakClient(world, phase: phase, number: number)
                        try await client.run(until: end)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// What the server holds when nobody is connected and it has nothing to do.
    fileprivate func idleUse() async throws -> ProcessUse {
        // Connections that it keeps to the receiver end, and no new ones come.
        await bed.receiver.stop()
        var last: ProcessUse?
        let idle = try await eventually("the server to be idle", within: .seconds(60)) {
            let (before, now) = (last, use)
            last = now
            // The one that listens; and nothing is on its way to its place.
            guard let now, now.sockets <= 1, now.descriptors == before?.descriptors,
                try await server.sqlite(Self.finishing) == "0"
            else { return Optional<ProcessUse>.none }
            return now
        }
        try await bed.receiver.start()
        return idle
    }

    /// Waits until all tasks are closed and called back.
    ///
    /// - Returns: those that are not after a long time.
    fileprivate func settle() async throws -> [String] {
        let end = ContinuousClock.now + plan.idleTimeout + .seconds(120)
        while true {
            let open = try await server.sqlite(Self.unsettled).split(separator: "\n").map { "task \($0)" }
            if open.isEmpty, server.stagingFiles().isEmpty { return [] }
            if ContinuousClock.now > end { return open }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}

import Foundation

/// The phases, and the server between them.
extension SoakWorld {
    /// What is not closed, or not called back.
    private static let unsettled =
        "SELECT id || ' is ' || state FROM tasks WHERE closed_at IS NULL"
        + " UNION ALL SELECT task_id || ' is not called back' FROM callbacks WHERE state <> 'delivered'"

    private static let undelivered = "SELECT count(*) FROM callbacks WHERE state <> 'delivered'"

    private static let finishing = "SELECT count(*) FROM tasks WHERE state IN ('verifying', 'publishing')"

    /// What the server that runs holds.
    var use: ProcessUse? { server.process.flatMap { ProcessUse(of: $0.pid) } }

    /// Clients and troubles.
    ///
    /// - Parameter kills: whether the server dies, too.
    func runTroubled(phase: Int, for duration: Duration, kills: Bool) async throws {
        let end = ContinuousClock.now + duration
        let troubles = try SoakTroubles(self, phase: phase, until: end, kills: kills)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await troubles.run() }
            group.addTask { try await self.runClients(phase: phase, until: end) }
            try await group.waitForAll()
        }
    }

    /// All clients, until that time and until they have brought their last uploads to an end.
    func runClients(phase: Int, until end: ContinuousClock.Instant) async throws {
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

    /// How the server grows while `body` runs.
    ///
    /// - Parameter allowance: bytes of memory.
    func growth(
        _ phase: String, allowing allowance: Int, _ body: () async throws -> Void
    ) async throws -> SoakGrowth {
        let before = try await idleUse()
        try await body()
        return SoakGrowth(phase: phase, allowance: allowance, before: before, after: try await idleUse())
    }

    /// What the server holds when nobody is connected and it has nothing to do.
    private func idleUse() async throws -> ProcessUse {
        // What an outage of the receiver left: attempts are connections too.
        _ = try await eventually("the callbacks to be delivered", within: .seconds(180)) {
            try await server.sqlite(Self.undelivered) == "0" ? true : nil
        }
        // Connections that it keeps to the receiver end, and no new ones come.
        await bed.receiver.stop()
        var last: ProcessUse?
        let idle = try await eventually("the server to be idle", within: .seconds(180)) {
            // First: what is on its way to its place is open.
            guard try await server.sqlite(Self.finishing) == "0" else { return Optional<ProcessUse>.none }
            let (before, now) = (last, use)
            last = now
            // The two that listen, for clients and for operators.
            guard let now, now.sockets <= 2, now.descriptors == before?.descriptors else { return nil }
            return now
        }
        try await bed.receiver.start()
        return idle
    }

    /// Waits until all tasks are closed and called back.
    ///
    /// - Returns: those that are not after a long time.
    func settle() async throws -> [String] {
        let end = ContinuousClock.now + plan.idleTimeout + .seconds(120)
        while true {
            let open = try await server.sqlite(Self.unsettled).split(separator: "\n").map { "task \($0)" }
            if open.isEmpty, server.stagingFiles().isEmpty { return [] }
            if ContinuousClock.now > end { return open }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}

import UploadCore

/// Carries out what ``LanePlan`` decides, until it is told to stop and every claim is settled.
///
/// Must not be cancelled: that would reach its writes to the outbox. It hears of the end through its mailbox.
struct Dispatcher: Sendable {
    /// How long a failing outbox is left alone.
    private static let recoveryPause = Duration.seconds(1)

    let outbox: any CallbackOutbox
    let clock: any ServiceClock
    let mailbox: Mailbox
    let stop: Stop
    let delivery: Delivery
    let log: DeliveryLog
    /// How many rows of one business server are claimed at once.
    let claims: Int

    func run() async {
        await withDiscardingTaskGroup { group in
            var plan = LanePlan(width: claims)
            while true {
                hear(&plan, &group)
                switch plan.next(now: clock.now) {
                case .survey: await survey(&plan)
                case .claim(let name, let limit): await claim(name, limit, &plan, &group)
                case .wait(let duration):
                    await mailbox.bell.wait(atMost: duration, on: clock)
                    if !mailbox.bell.isRaised { plan.lookAgain() }
                case .drain:
                    await mailbox.bell.wait()
                case .finish:
                    // Only the timer of the grace can be left.
                    group.cancelAll()
                    return
                }
            }
        }
    }

    private func hear(_ plan: inout LanePlan, _ group: inout DiscardingTaskGroup) {
        let contents = mailbox.take()
        if contents.isWoken { plan.lookAgain() }
        for settlement in contents.settled { plan.settled(settlement.businessServer, dueAt: settlement.dueAt) }
        guard let grace = contents.stopWithGrace else { return }
        plan.stop()
        guard grace > .zero else { return stop.cut.raise() }
        group.addTask {
            // It throws only when nothing is in flight any more.
            try? await clock.sleep(for: grace)
            stop.cut.raise()
        }
    }

    private func survey(_ plan: inout LanePlan) async {
        do {
            plan.surveyed(try await outbox.pendingDestinations())
        } catch {
            log.outboxFailed("could not look for pending callbacks", error)
            await stop.requested.wait(atMost: Self.recoveryPause, on: clock)
        }
    }

    private func claim(
        _ name: String, _ limit: Int, _ plan: inout LanePlan, _ group: inout DiscardingTaskGroup
    ) async {
        do {
            let claimed = try await outbox.claimDue(for: name, at: clock.now, limit: limit)
            plan.claimed(claimed.count, of: limit, for: name)
            for callback in claimed {
                group.addTask { mailbox.settle(await delivery.run(callback)) }
            }
        } catch {
            log.outboxFailed("could not claim callbacks", error)
            await stop.requested.wait(atMost: Self.recoveryPause, on: clock)
        }
    }
}

import UploadCore

/// Posts one callback within its time, unless the service ends.
struct AttemptPost: Sendable {
    /// Where it is sent through.
    let transport: any CallbackTransport
    let clock: any ServiceClock
    /// For the whole attempt, with connecting.
    let timeout: Duration
    let signers: [String: WebhookSigner]
    let stop: Stop

    private enum Event {
        case answer(CallbackAnswer)
        case failure(any Error)
        case timeUp
        case cut
    }

    /// - Returns: `nil` when the service ends before the attempt does.
    func run(_ callback: Callback, startedAt: Timestamp) async -> DeliveryResult? {
        guard !stop.requested.isRaised else { return nil }
        let signer = signers[callback.businessServer]
        guard let request = CallbackRequest(callback, sentAt: startedAt, signer: signer) else {
            return .undeliverable("no URL is configured")
        }
        return await withTaskGroup(of: Event.self) { race in
            race.addTask {
                do {
                    let answer = try await transport.post(request)
                    FaultPoint.reach(.callbackAnswered)
                    return .answer(answer)
                } catch {
                    return .failure(error)
                }
            }
            race.addTask {
                // It throws only when the race is over.
                try? await clock.sleep(for: timeout)
                return .timeUp
            }
            race.addTask {
                await stop.cut.wait()
                return .cut
            }
            let first = await race.next()
            race.cancelAll()
            // An answer that arrived together with the end of the time or of the service still counts.
            var events = first.map { [$0] } ?? []
            for await event in race { events.append(event) }
            return result(of: events)
        }
    }

    /// - Parameter events: in the order in which they came; only the first was not caused by another.
    private func result(of events: [Event]) -> DeliveryResult? {
        for case .answer(let answer) in events {
            let retryAfter = answer.retryAfter.flatMap { RetryAfter.wait($0, now: clock.now) }
            return .answered(status: answer.status, retryAfter: retryAfter)
        }
        switch events.first {
        case .failure(let error as TransportFailure): return .failed(error.reason)
        case .failure(let error): return .failed("failed: \(type(of: error))")
        case .timeUp: return .failed("timed out")
        case .cut, .answer, nil: return nil
        }
    }
}

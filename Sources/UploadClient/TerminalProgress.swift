import Foundation
import Synchronization
import SystemPackage

/// Draws progress on standard error: a bar on a terminal, a plain line now and then elsewhere.
public final class TerminalProgress: ProgressReporter {
    private struct State {
        var text: ProgressText?
        var rate: RateEstimate?
        var lastDrawn: ContinuousClock.Instant?
        var isBarShown = false
    }

    private static let barWidth = 24
    private let isTerminal: Bool
    private let interval: Duration
    private let state = Mutex(State())

    /// - Parameter isTerminal: whether standard error is one.
    public init(isTerminal: Bool = isatty(STDERR_FILENO) == 1) {
        self.isTerminal = isTerminal
        interval = isTerminal ? .milliseconds(100) : .seconds(5)
    }

    /// Begins an activity, or corrects its position, and draws it.
    public func begin(_ activity: Activity, name: String, total: Int64, done: Int64) {
        let now = ContinuousClock.now
        state.withLock { state in
            let before = state.text
            let goesOn = before?.activity == activity && before?.name == name
            if !goesOn || before?.done != done { state.rate = RateEstimate(done: done, at: now) }
            state.text = ProgressText(activity: activity, name: name, total: total, done: done)
            guard !goesOn else { return }
            draw(&state, at: now)
        }
    }

    /// Counts, and draws when the last drawing is old enough.
    public func advance(by bytes: Int64) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard let done = state.text?.done else { return }
            state.text?.done = done + bytes
            state.text?.rate = state.rate?.update(done: done + bytes, at: now)
            if let last = state.lastDrawn, last.duration(to: now) < interval { return }
            draw(&state, at: now)
        }
    }

    /// Prints a line above the bar.
    public func notice(_ text: String) {
        state.withLock { state in
            clear(&state)
            write(text + "\n")
            if isTerminal { state.lastDrawn = nil }
        }
    }

    /// Clears the bar.
    public func end() {
        state.withLock { state in
            clear(&state)
            state = State()
        }
    }

    private func draw(_ state: inout State, at now: ContinuousClock.Instant) {
        guard let text = state.text else { return }
        write(isTerminal ? "\r\(text.bar(width: Self.barWidth))\u{1B}[K" : text.plain + "\n")
        state.isBarShown = isTerminal
        state.lastDrawn = now
    }

    private func clear(_ state: inout State) {
        guard state.isBarShown else { return }
        write("\r\u{1B}[K")
        state.isBarShown = false
    }

    private func write(_ text: String) {
        // A display that can't be written to must not end the upload.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}

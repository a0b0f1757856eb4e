import NIOCore

/// One timer of a connection. Moving it to a later time costs nothing, which is what happens all the time.
final class Deadline {
    private let eventLoop: any EventLoop
    private let action: () -> Void
    private var due: NIODeadline?
    private var wakeUp: (at: NIODeadline, task: Scheduled<Void>)?

    /// - Parameter action: called on the event loop when the time has come; no more after ``cancel()``.
    init(on eventLoop: any EventLoop, _ action: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.action = action
    }

    /// Sets the time; `nil` for none.
    func set(_ time: NIODeadline?) {
        due = time
        guard let time, wakeUp.map({ $0.at > time }) ?? true else { return }
        schedule(time)
    }

    /// Ends it. Without this, it keeps what `action` holds.
    func cancel() {
        due = nil
        wakeUp?.task.cancel()
        wakeUp = nil
    }

    private func schedule(_ time: NIODeadline) {
        wakeUp?.task.cancel()
        wakeUp = (time, eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.wake() })
    }

    private func wake() {
        wakeUp = nil
        guard let due else { return }
        guard due <= .now() else { return schedule(due) }
        self.due = nil
        action()
    }
}

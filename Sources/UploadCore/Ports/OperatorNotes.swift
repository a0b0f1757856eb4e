/// What is written down for people who read the database while the service runs, or after it died. The service never reads
/// it.
///
/// Durable when a method returns, wholly or not at all. Errors are those of ``TaskRepository``.
public protocol OperatorNotes: Sendable {
    /// Writes down that a complete task can't be finished now, and why. It goes by itself when the task goes on. Nothing is
    /// written of a task that is not being finished any more.
    ///
    /// - Parameter error: one sentence.
    func note(trouble error: String, of id: TaskID) async throws

    /// Writes down what the service is configured with, in place of what an earlier start did.
    ///
    /// - Parameter settings: seconds or bytes by the key of the configuration file.
    func note(settings: [String: Int64]) async throws

    /// Writes down what went on in a stretch of time, and forgets samples that are older than ``TrafficSample/keptFor``.
    func note(_ sample: TrafficSample) async throws
}

extension TrafficSample {
    /// How long samples are kept.
    public static let keptFor = Duration.seconds(48 * 3600)
    /// How long a stretch is.
    public static let interval = Duration.seconds(10)
}

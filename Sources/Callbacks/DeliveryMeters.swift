import Metrics
import UploadCore

/// How deliveries went.
public enum DeliveryMeters {
    private enum Outcome: String, CaseIterable {
        case delivered, failed, dead

        init(_ verdict: CallbackAttempt.Verdict) {
            switch verdict {
            case .delivered: self = .delivered
            case .retry: self = .failed
            case .dead: self = .dead
            }
        }
    }

    /// Shows zeros for these receivers from now on: a first failure that makes its own series is no increase to Prometheus.
    public static func announce(_ businessServers: [String]) {
        for businessServer in businessServers {
            for outcome in Outcome.allCases { _ = attempts(businessServer, outcome) }
        }
    }

    /// One attempt that was written down.
    static func recorded(_ attempt: CallbackAttempt, of callback: Callback) {
        attempts(callback.businessServer, Outcome(attempt.verdict)).increment()
        Timer(label: "fupload_callback_seconds", dimensions: [("business_server", callback.businessServer)])
            .record(duration: attempt.duration)
    }

    private static func attempts(_ businessServer: String, _ outcome: Outcome) -> Counter {
        Counter(
            label: "fupload_callback_attempts_total",
            dimensions: [("business_server", businessServer), ("outcome", outcome.rawValue)])
    }
}

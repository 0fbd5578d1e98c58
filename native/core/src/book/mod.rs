//! Order books and each venue's synchronisation rule.

//! A settled day as files: members' (DBF in GBK), the regulator's upload set, CSV, Parquet, statements; and the comparison with another's.

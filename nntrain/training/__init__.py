"""What training needs without TensorFlow: automatic choices, schedules, augmentation."""
